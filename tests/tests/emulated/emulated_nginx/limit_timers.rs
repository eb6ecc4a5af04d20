//! Optional timers of limits end, because the host keeps the timers of old configurations.

use anyhow::{Result, ensure};
use novasphere_emulated_host::{Load, Plugin, Proxy, Worker};
use novasphere_harness::client::Request;
use serde_json::json;

use super::naive::{ensure_sound, stopped_nginx};

/// The number of timers after more than an hour without requests.
fn timers_after_an_hour(proxy: &Proxy, worker: &mut Worker) -> usize {
    for _ in 0..70 {
        proxy.pass(60_000);
        worker.tick();
    }
    worker.timers()
}

/// A reload with a changed chain leaves the old timers behind.
#[test]
fn timer_of_a_limit_ends_after_an_hour_without_requests() -> Result<()> {
    let proxy = stopped_nginx()?;
    let limit = |minute| Plugin::wasm("rate-limit", json!({"minute": minute}).to_string());
    let mut ours = Worker::start(&proxy, &[limit(5)])?;
    ensure!(ours.send(&Request::get("/"))?.status == 200);
    ours.load(&[limit(2)], Load::Change)?;
    ensure!(ours.timers() == 2, "{} timers", ours.timers());
    ensure!(timers_after_an_hour(&proxy, &mut ours) == 0, "{:?}", ours.log());
    // A configuration that is in use after all still counts.
    let statuses = (0..3).map(|_| Ok(ours.send(&Request::get("/"))?.status));
    ensure!(statuses.collect::<Result<Vec<_>>>()? == [200, 200, 429]);
    ensure_sound(&ours)
}

#[test]
fn timer_that_returns_leases_goes_on() -> Result<()> {
    let proxy = stopped_nginx()?;
    let plugin = Plugin::wasm("rate-limit", json!({"hour": 10_000}).to_string());
    let mut ours = Worker::start(&proxy, &[plugin])?;
    ensure!(ours.send(&Request::get("/"))?.status == 200);
    ensure!(timers_after_an_hour(&proxy, &mut ours) == 1, "{:?}", ours.log());
    ensure_sound(&ours)
}
