//! Clients that disconnect during a callout leave nothing behind.

use std::{net::SocketAddr, thread};

use anyhow::{Result, anyhow, ensure};
use novasphere_harness::{chain, client::Connection};
use novasphere_tests::redis::{Fault, FaultyFront};
use serde_json::json;

use super::{both, event, gateway, request};

const CALLS: usize = 200_000;
const SENDERS: usize = 8;
/// Calls per batch. All are pending at once, and a worker's peak of pending calls determines its memory,
/// so the first batch is twice as large: no worker gets more calls later.
const BATCH: usize = 200;
/// Calls after which memory use has settled.
const WARM: usize = CALLS / 2;
/// Bytes that memory may still grow by: 60 per call.
const SLACK: u64 = 6 << 20;

#[test]
fn memory_does_not_grow_with_abandoned_calls() -> Result<()> {
    let (_redis, front) = both()?;
    let faulty = FaultyFront::start(front.addr)?;
    let own = json!({"on_error": "deny", "timeout_ms": 10_000});
    let gateway = gateway(&front, faulty.addr, &own, &json!({"year": 1_000_000}))?;
    let (mut warm, mut done) = (0, 0);
    while done < CALLS {
        let calls = if done == 0 { 2 * BATCH } else { BATCH };
        // Responses arrive when all clients have disconnected.
        faulty.fail(Fault::Stall);
        leave(gateway.addr, calls / SENDERS)?;
        let all = u64::try_from(done + calls)?;
        gateway.envoy.wait_for_stat("http.gateway.downstream_cx_total", |total| total >= all)?;
        gateway.envoy.wait_for_stat("http.gateway.downstream_cx_active", |active| active == 0)?;
        faulty.fail(Fault::None);
        gateway.envoy.wait_for_stat("cluster.redis.upstream_rq_active", |active| active == 0)?;
        done += calls;
        if done == WARM {
            warm = gateway.envoy.rss()?;
        }
    }
    let end = gateway.envoy.rss()?;
    ensure!(end <= warm + SLACK, "from {warm} to {end} bytes");
    let passed = gateway.envoy.stat("cluster.novasphere-api.upstream_rq_total")?.unwrap_or(0);
    ensure!(passed == 0, "{passed} requests passed without a response");
    // No disconnected client holds a pending slot or has opened the breaker.
    ensure!(gateway.send(&request("a"))?.head.status == 200);
    gateway.envoy.stats_after("rate-limit", 1)?;
    ensure!(event(&gateway.envoy, "breaker_opened")? == 0);
    let called = event(&gateway.envoy, "redis_called")?;
    ensure!(called as usize >= CALLS * 9 / 10, "only {called} calls were made");
    chain::ensure_no_trap(&gateway.envoy)
}

/// Each sender sends `each` requests and disconnects after every one.
fn leave(addr: SocketAddr, each: usize) -> Result<()> {
    let send = |sender: usize| -> Result<()> {
        for n in 0..each {
            let mut connection = Connection::open(addr)?;
            connection.write(&request(&format!("{sender}-{}", n % 100)).to_bytes())?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|n| scope.spawn(move || send(n))).collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().map_err(|_| anyhow!("a sender panicked"))?)
    })
}
