//! The number of requests that pass is exactly the limit, across all workers.

mod burst;
mod leases;
mod windows;

use anyhow::{Result, ensure};
use novasphere_harness::envoy::Envoy;

const WORKERS: u32 = 4;
const CONNECTIONS: usize = 64;

/// Checks that several workers took connections; otherwise the test proves nothing.
fn ensure_several_workers_took_part(envoy: &Envoy) -> Result<()> {
    let stats = envoy.stats()?;
    let took_part = |worker: u32| {
        let name = format!(".worker_{worker}.downstream_cx_total");
        stats
            .iter()
            .any(|(n, value)| n.starts_with("listener.") && n.ends_with(&name) && *value > 0)
    };
    let workers = (0..WORKERS).filter(|worker| took_part(*worker)).count();
    ensure!(workers >= 2, "{workers} workers took part");
    Ok(())
}
