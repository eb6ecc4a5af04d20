//! Redis is killed, stalled or restarted without data, or its front end returns nonsense. No
//! request waits longer than the timeout, `on_error` decides, and counting recovers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, clock::instant, gateway::Gateway, wait::until};
use novasphere_tests::redis::{Fault, FaultyFront};
use serde_json::{Value, json};

use super::{both, event, failures, gateway, request};

const TIMEOUT: Duration = Duration::from_millis(300);
/// How much longer an answer may take on a machine that runs other tests.
const SLACK: Duration = Duration::from_secs(1);

fn own(on_error: &str) -> Value {
    json!({
        "on_error": on_error, "timeout_ms": u64::try_from(TIMEOUT.as_millis()).unwrap_or(0),
        "breaker": {"failures": 2, "open_ms": 200},
    })
}

/// The statuses of some requests, none of which may take longer than the timeout.
fn send(gateway: &Gateway, client: &str, requests: usize) -> Result<Vec<u16>> {
    let send = |_| {
        let start = instant();
        let status = gateway.send(&request(client))?.head.status;
        ensure!(start.elapsed() < TIMEOUT + SLACK, "it took {:?}", start.elapsed());
        Ok(status)
    };
    (0..requests).map(send).collect()
}

/// Requests are decided by Redis again.
fn recovered(gateway: &Gateway) -> Result<()> {
    until("Redis to be asked again", || {
        let before = event(&gateway.envoy, "redis_called")?;
        let opened = event(&gateway.envoy, "breaker_opened")?;
        // Clients of whom nothing is known: each needs a call.
        for n in 0..4 {
            send(gateway, &format!("probe-{before}-{n}"), 1)?;
        }
        let answered = event(&gateway.envoy, "redis_called")? >= before + 4;
        let closed = event(&gateway.envoy, "breaker_closed")? == opened;
        Ok((answered && closed).then_some(()))
    })
}

/// What filters see of each kind of fault, and how it is counted.
#[test]
fn every_fault_is_seen_and_ends() -> Result<()> {
    let (_redis, front) = both()?;
    let faulty = FaultyFront::start(front.addr)?;
    let gateway = gateway(&front, faulty.addr, &own("deny"), &json!({"year": 1_000_000}))?;
    ensure!(send(&gateway, "a", 4)? == [200; 4]);
    for (fault, kind) in [
        (Fault::Status(500), "status"),
        (Fault::Status(401), "unauthorized"),
        (Fault::Garbage, "unreadable"),
        (Fault::Huge(100_000), "unreadable"),
        (Fault::OthersAnswer, "wrong_answer"),
        (Fault::Close, "unavailable"),
        (Fault::Stall, "no_reply"),
        (Fault::Answer(r#"{"result":["0000000000000000",1,1,1]}"#.to_owned()), "wrong_answer"),
    ] {
        let told = format!("{fault:?}");
        let before = failures(&gateway.envoy, kind)?;
        faulty.fail(fault);
        let statuses = send(&gateway, "a", 8)?;
        ensure!(statuses.iter().all(|status| *status == 503), "{told}: {statuses:?}");
        ensure!(failures(&gateway.envoy, kind)? > before, "{told} is not counted as {kind}");
        ensure!(failures(&gateway.envoy, "breaker_open")? > 0, "{told}: all of them waited");
        faulty.fail(Fault::None);
        recovered(&gateway).context(told)?;
    }
    ensure!(send(&gateway, "a", 1)? == [200]);
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn counts_go_on_here_while_redis_is_away() -> Result<()> {
    let (mut redis, front) = both()?;
    let mut fields = own("local");
    super::extend(&mut fields, &json!({"local_share": 50}));
    let gateway = gateway(&front, front.addr, &fields, &json!({"year": 6}))?;
    ensure!(send(&gateway, "a", 2)? == [200; 2]);
    redis.kill()?;
    // Half of six, whatever worker they come to.
    ensure!(send(&gateway, "a", 5)? == [200, 200, 200, 429, 429]);
    redis.restart()?;
    recovered(&gateway)?;
    ensure!(send(&gateway, "a", 7)?.contains(&429), "it goes on where it was, or before");
    redis.pause()?;
    let stalled = send(&gateway, "b", 5);
    redis.resume()?;
    ensure!(stalled? == [200, 200, 200, 429, 429]);
    recovered(&gateway)?;
    redis.restart_empty()?;
    recovered(&gateway)?;
    ensure!(send(&gateway, "c", 7)? == [200, 200, 200, 200, 200, 200, 429]);
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn requests_pass_while_nobody_is_there() -> Result<()> {
    let (_redis, mut front) = both()?;
    let gateway = gateway(&front, front.addr, &own("allow"), &json!({"year": 2}))?;
    ensure!(send(&gateway, "a", 3)? == [200, 200, 429]);
    front.kill()?;
    ensure!(send(&gateway, "b", 10)? == [200; 10]);
    front.restart()?;
    recovered(&gateway)?;
    ensure!(send(&gateway, "c", 3)? == [200, 200, 429]);
    chain::ensure_no_trap(&gateway.envoy)
}
