//! Leases: the timer returns them, also for a configuration that was replaced.

use anyhow::{Context, Result, ensure};
use novasphere_emulated_host::{Load, Plugin, Proxy, Worker};
use novasphere_harness::client::Request;

use super::naive::{client_lines, ensure_sound, stopped_nginx};

const CONFIG: &str = r#"{"year": 10000, "limit_by": "constant"}"#;

/// Sends a request. Returns the number of requests that are shown as used.
fn used(worker: &mut Worker) -> Result<u32> {
    let answer = worker.send(&Request::get("/"))?;
    let lines = client_lines(&answer, "x-ratelimit-remaining-year");
    let remaining: u32 = lines.first().context("no remaining quota")?.parse()?;
    Ok(10_000 - remaining)
}

/// Passes a second in the way of nginx, with a timer every 100 ms.
fn second(proxy: &Proxy, workers: &mut [&mut Worker]) {
    for _ in 0..10 {
        proxy.pass(100);
        workers.iter_mut().for_each(|worker| worker.tick());
    }
}

#[test]
fn timer_returns_leases_within_a_second() -> Result<()> {
    let proxy = stopped_nginx()?;
    let plugin = Plugin::wasm("rate-limit", CONFIG);
    let mut one = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
    let mut two = Worker::start(&proxy, std::slice::from_ref(&plugin))?;
    ensure!((used(&mut one)?, used(&mut two)?) == (1, 2), "the timers wait for a request");
    second(&proxy, &mut [&mut one, &mut two]);
    for expected in 3..=10 {
        ensure!(used(&mut one)? == expected);
    }
    // The eighth request took a lease of 16.
    ensure!(used(&mut two)? == 10 + 16 + 1);
    ensure!(used(&mut one)? == 11, "the lease is in use");
    second(&proxy, &mut [&mut one, &mut two]);
    ensure!(used(&mut two)? == 13, "the rest has returned");
    // A configuration is replaced while its lease is out.
    for _ in 0..8 {
        used(&mut one)?;
    }
    let out = used(&mut two)?;
    one.load(&[Plugin::wasm("rate-limit", r#"{"year": 9999}"#)], Load::Change)?;
    one.send(&Request::get("/"))?;
    second(&proxy, &mut [&mut one]);
    let returned = used(&mut two)?;
    ensure!(returned < out, "{out} to {returned}");
    ensure_sound(&one)?;
    ensure_sound(&two)
}
