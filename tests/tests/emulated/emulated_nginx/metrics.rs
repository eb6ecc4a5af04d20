//! Metrics.

use std::sync::Arc;

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Action, MetricKind, Plugin, Worker};
use novasphere_harness::{chain, client::Request};

use super::naive::{ensure_sound, for_each_request, nginx, worker};

#[test]
fn invalid_metric_operations_trap() -> Result<()> {
    let gauge_counted = for_each_request(|host| {
        let id = host.define_metric(MetricKind::Gauge as u32, "g")?.unwrap();
        host.increment_metric(id, 1).map(|_| Action::Continue)
    });
    let counter_set = for_each_request(|host| {
        let id = host.define_metric(MetricKind::Counter as u32, "c")?.unwrap();
        host.record_metric(id, 1).map(|_| Action::Continue)
    });
    let unknown = for_each_request(|host| host.increment_metric(999, 1).map(|_| Action::Continue));
    let long = for_each_request(|host| {
        host.define_metric(MetricKind::Counter as u32, &"n".repeat(300)).map(|_| Action::Continue)
    });
    for plugin in [gauge_counted, counter_set, unknown, long] {
        ensure!(worker(&[plugin])?.send(&Request::get("/"))?.status == 500);
    }
    Ok(())
}

#[test]
fn filters_define_metrics_on_first_use_with_short_names() -> Result<()> {
    let proxy = Arc::new(nginx()?);
    let chain: Vec<Plugin> =
        chain::FILTERS.iter().map(|(name, config)| Plugin::wasm(name, *config)).collect();
    let mut ours = Worker::start(&proxy, &chain)?;
    // Metrics are defined on first use: a host without room for another metric traps.
    ensure!(proxy.metrics().is_empty(), "{:?}", proxy.metrics());
    ours.send(&chain::good_request()?)?;
    let name = "pw.novasphere-jwt-auth.novasphere.filter=jwt-auth.decision=allowed.decisions";
    ensure!(proxy.metrics().get(name) == Some(&1), "{:#?}", proxy.metrics());
    ensure!(proxy.metrics().len() > 30);
    ensure_sound(&ours)
}
