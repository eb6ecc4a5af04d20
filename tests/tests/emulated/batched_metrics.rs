//! On Envoy, metrics wait in the VM until the timer passes them on.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Kind, Load, Plugin, Proxy, Worker};
use novasphere_harness::{chain, client::Request};

fn envoy() -> Result<Arc<Proxy>> {
    let mut proxy = Proxy::new(Kind::Envoy);
    proxy.environment = chain::environment()?;
    Ok(Arc::new(proxy))
}

fn gateway() -> Plugin {
    let parts = chain::FILTERS.iter().map(|(name, config)| {
        let field = name.replace('-', "_");
        format!("\"{field}\": {config}")
    });
    Plugin::wasm("gateway", format!("{{{}}}", parts.collect::<Vec<_>>().join(", ")))
}

/// The counts of the decisions that are not zero.
fn decisions(proxy: &Proxy) -> BTreeMap<String, i64> {
    let name = |name: String| {
        let labels = name.strip_prefix("novasphere_decisions_total.filter=")?;
        Some(labels.replace("decision=", ""))
    };
    let counts = proxy.metrics().into_iter().filter(|(_, count)| *count > 0);
    counts.filter_map(|(full, count)| Some((name(full)?, count))).collect()
}

fn expected(counts: &[(&str, i64)]) -> BTreeMap<String, i64> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// Sends three requests with a token and two without.
fn send(worker: &mut Worker) -> Result<()> {
    for _ in 0..3 {
        ensure!(worker.send(&chain::good_request()?)?.status == 200);
    }
    for _ in 0..2 {
        ensure!(worker.send(&Request::get("/api/v1/wukongs"))?.status == 401);
    }
    Ok(())
}

const SENT: &[(&str, i64)] = &[
    ("cors.no_origin", 5),
    ("header-transform.passed", 3),
    ("jwt-auth.allowed", 3),
    ("jwt-auth.no_token", 2),
    ("rate-limit.allowed", 3),
];

#[test]
fn timer_passes_metrics_on() -> Result<()> {
    let proxy = envoy()?;
    let mut worker = Worker::start(&proxy, &[gateway()])?;
    send(&mut worker)?;
    ensure!(decisions(&proxy).is_empty(), "{:?}", decisions(&proxy));
    worker.tick();
    ensure!(decisions(&proxy) == expected(SENT), "{:?}", decisions(&proxy));
    // Nothing is counted twice.
    worker.tick();
    ensure!(decisions(&proxy) == expected(SENT), "{:?}", decisions(&proxy));
    ensure!(worker.trapped().is_none(), "{:?}", worker.trapped());
    Ok(())
}

#[test]
fn timer_stops_when_nothing_waits() -> Result<()> {
    let proxy = envoy()?;
    // This filter uses the timer for its metrics only.
    let (name, config) = chain::TRANSFORM;
    let mut worker = Worker::start(&proxy, &[Plugin::wasm(name, config)])?;
    ensure!(worker.timers() == 0);
    for count in 1..=3 {
        worker.send(&Request::get("/"))?;
        ensure!(worker.timers() == 1);
        worker.tick();
        ensure!(worker.timers() == 0);
        ensure!(decisions(&proxy) == expected(&[("header-transform.passed", count)]));
    }
    Ok(())
}

#[test]
fn replaced_configuration_passes_its_metrics_on() -> Result<()> {
    let proxy = envoy()?;
    let mut worker = Worker::start(&proxy, &[gateway()])?;
    send(&mut worker)?;
    let (name, config) = chain::TRANSFORM;
    worker.load(&[Plugin::wasm(name, config)], Load::Change)?;
    ensure!(decisions(&proxy) == expected(SENT), "{:?}", decisions(&proxy));
    ensure!(worker.trapped().is_none(), "{:?}", worker.trapped());
    Ok(())
}
