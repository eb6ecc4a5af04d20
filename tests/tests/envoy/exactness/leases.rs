//! A high limit, of which the workers take leases: never more passes, and in the end all of it.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Result, anyhow, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    envoy::{WasmFilter, all_are_native},
    gateway::Gateway,
    wait::until,
};

use super::{CONNECTIONS, WORKERS, ensure_several_workers_took_part};

const LIMIT: usize = 10_000;
/// A year, so that the window does not end.
const CONFIG: &str = r#"{"year": 10000, "limit_by": "constant"}"#;
/// The requests of one connection: twice the limit in all.
const REQUESTS: usize = 2 * LIMIT / CONNECTIONS;
/// The maximum number of requests in the leases of one worker.
const LEASE: usize = 100;
const LEASED: &str = "wasmcustom.novasphere_events_total.filter=rate-limit.event=lease_hit";

#[test]
fn high_limit_is_exact_across_workers_with_leases() -> Result<()> {
    let gateway =
        Gateway::configured(vec![WasmFilter::new("rate-limit", CONFIG)], |mut config| {
            config.concurrency = WORKERS;
            for listener in &mut config.listeners {
                listener.answers = true;
            }
            config
        })?;
    let passed = AtomicUsize::new(0);
    thread::scope(|scope| {
        let send = || send(gateway.addr, REQUESTS, &passed);
        let connections: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(send)).collect();
        for connection in connections {
            connection.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        anyhow::Ok(())
    })?;
    let at_once = passed.load(Ordering::Relaxed);
    let held_back = if all_are_native() { 0 } else { LEASE * WORKERS as usize };
    ensure!((LIMIT - held_back..=LIMIT).contains(&at_once), "{at_once} passed");
    until("the rests of the leases", || {
        send(gateway.addr, 10, &passed)?;
        Ok((passed.load(Ordering::Relaxed) >= LIMIT).then_some(()))
    })?;
    send(gateway.addr, 1_000, &passed)?;
    ensure!(passed.load(Ordering::Relaxed) == LIMIT, "{passed:?} passed");
    // The native module counts each request.
    if !all_are_native() {
        gateway.envoy.wait_for_stat(LEASED, |leased| leased > 1_000)?;
    }
    ensure_several_workers_took_part(&gateway.envoy)?;
    chain::ensure_no_trap(&gateway.envoy)
}

/// Sends requests over one connection, and counts those that pass.
fn send(addr: SocketAddr, requests: usize, passed: &AtomicUsize) -> Result<()> {
    let mut connection = Connection::open(addr)?;
    for _ in 0..requests {
        let status = connection.exchange(&Request::get("/"))?.head.status;
        ensure!([200, 429].contains(&status), "status {status}");
        passed.fetch_add(usize::from(status == 200), Ordering::Relaxed);
    }
    Ok(())
}
