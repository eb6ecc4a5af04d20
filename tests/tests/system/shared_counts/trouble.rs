//! Redis is killed, stalled or restarted without data, or its front end returns nonsense. No
//! request waits longer than the timeout, `on_error` decides, and counting recovers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain, client::Connection, clock::instant, gateway::Gateway, wait::until,
};
use novasphere_tests::redis::{Fault, FaultyFront};
use serde_json::{Value, json};

use super::{both, ensure_no_traps, event, failures, gateway, request};

/// A timeout in milliseconds. Longer than the front's own timeout, so the front gives up first.
const PATIENT: u32 = 10_000;
/// A timeout in milliseconds for calls that get no response.
const IMPATIENT: u32 = 1_000;
/// The limit of a response. Without a timeout, Envoy would respond after 15 s.
const LATEST: Duration = Duration::from_secs(12);

fn redis_fields(on_error: &str, timeout_ms: u32) -> Value {
    json!({
        "on_error": on_error, "timeout_ms": timeout_ms,
        "breaker": {"failures": 2, "open_ms": 200},
    })
}

/// Sends requests, checks that no response is late, and returns the statuses once the statistics
/// include these requests.
fn send(gateway: &Gateway, client: &str, requests: usize) -> Result<Vec<u16>> {
    send_each(gateway, &vec![client.to_owned(); requests])
}

/// Like [`send`], with one request from each client.
fn send_each(gateway: &Gateway, clients: &[String]) -> Result<Vec<u16>> {
    let send = |client: &String| {
        let start = instant();
        let status = gateway.send(&request(client))?.head.status;
        ensure!(start.elapsed() < LATEST, "the response took {:?}", start.elapsed());
        Ok(status)
    };
    let before = gateway.envoy.decisions("rate-limit")?;
    let statuses = clients.iter().map(send).collect::<Result<_>>()?;
    gateway.envoy.stats_after("rate-limit", before + u64::try_from(clients.len())?)?;
    Ok(statuses)
}

/// Waits until Redis decides requests again.
fn wait_for_recovery(gateway: &Gateway) -> Result<()> {
    until("Redis to be called again", || {
        let before = event(&gateway.envoy, "redis_called")?;
        let opened = event(&gateway.envoy, "breaker_opened")?;
        // New clients: each needs a call.
        let clients = [0, 1, 2, 3].map(|n| format!("probe-{before}-{n}"));
        send_each(gateway, &clients)?;
        let answered = event(&gateway.envoy, "redis_called")? >= before + 4;
        let closed = event(&gateway.envoy, "breaker_closed")? == opened;
        Ok((answered && closed).then_some(()))
    })
}

/// Checks how the filter counts each kind of fault.
#[test]
fn every_fault_is_counted_and_recovered_from() -> Result<()> {
    let (_redis, front) = both()?;
    let faulty = FaultyFront::start(front.addr)?;
    let start = |timeout_ms| {
        let mut fields = redis_fields("deny", timeout_ms);
        // Open long enough that even a busy machine sends a request while the breaker is open.
        super::extend(&mut fields, &json!({"breaker": {"failures": 2, "open_ms": 5_000}}));
        gateway(&front, faulty.addr, &fields, &json!({"year": 1_000_000}))
    };
    let (patient, impatient) = (start(PATIENT)?, start(IMPATIENT)?);
    ensure!(send(&patient, "a", 4)? == [200; 4]);
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
        let fault_name = format!("{fault:?}");
        let gateway = if fault == Fault::Stall { &impatient } else { &patient };
        let kinds = [kind, "breaker_open"];
        let before = kinds.map(|kind| failures(&gateway.envoy, kind));
        faulty.fail(fault);
        let statuses = send(gateway, "a", 8)?;
        ensure!(statuses.iter().all(|status| *status == 503), "{fault_name}: {statuses:?}");
        for (kind, before) in kinds.into_iter().zip(before) {
            ensure!(
                failures(&gateway.envoy, kind)? > before?,
                "{fault_name}: not counted as {kind}"
            );
        }
        faulty.fail(Fault::None);
        wait_for_recovery(gateway).context(fault_name)?;
    }
    ensure!(send(&patient, "a", 1)? == [200]);
    ensure_no_traps(&[patient, impatient])
}

#[test]
fn counts_locally_while_redis_is_down() -> Result<()> {
    let (mut redis, front) = both()?;
    let start = |timeout_ms| {
        let mut fields = redis_fields("local", timeout_ms);
        super::extend(&mut fields, &json!({"local_share": 50}));
        gateway(&front, front.addr, &fields, &json!({"year": 6}))
    };
    let (gateway, impatient) = (start(PATIENT)?, start(IMPATIENT)?);
    ensure!(send(&gateway, "a", 2)? == [200; 2]);
    redis.kill()?;
    // Half of six, whichever worker handles the requests.
    ensure!(send(&gateway, "a", 5)? == [200, 200, 200, 429, 429]);
    redis.restart()?;
    wait_for_recovery(&gateway)?;
    ensure!(send(&gateway, "a", 7)?.contains(&429), "the counts in Redis must survive");
    redis.pause()?;
    let stalled = send(&impatient, "b", 5);
    redis.resume()?;
    ensure!(stalled? == [200, 200, 200, 429, 429]);
    wait_for_recovery(&impatient)?;
    ensure!(send(&gateway, "c", 4)? == [200; 4]);
    // A connection stays with one worker.
    let mut connection = Connection::open(gateway.addr)?;
    let mut send_d = |requests: usize| -> Result<Vec<u16>> {
        let before = gateway.envoy.decisions("rate-limit")?;
        let send = |_| Ok(connection.exchange(&request("d"))?.head.status);
        let statuses = (0..requests).map(send).collect();
        gateway.envoy.stats_after("rate-limit", before + u64::try_from(requests)?)?;
        statuses
    };
    ensure!(send_d(7)? == [200, 200, 200, 200, 200, 200, 429]);
    redis.restart_empty()?;
    wait_for_recovery(&gateway)?;
    let again = send(&gateway, "c", 7)?;
    ensure!(again == [200, 200, 200, 200, 200, 200, 429], "the count starts again: {again:?}");
    // The worker that rejected the client keeps rejecting it.
    ensure!(send_d(3)? == [429; 3]);
    ensure_no_traps(&[gateway, impatient])
}

#[test]
fn requests_pass_while_the_front_is_down() -> Result<()> {
    let (_redis, mut front) = both()?;
    let gateway =
        gateway(&front, front.addr, &redis_fields("allow", PATIENT), &json!({"year": 2}))?;
    ensure!(send(&gateway, "a", 3)? == [200, 200, 429]);
    front.kill()?;
    ensure!(send(&gateway, "b", 10)? == [200; 10]);
    front.restart()?;
    wait_for_recovery(&gateway)?;
    ensure!(send(&gateway, "c", 3)? == [200, 200, 429]);
    chain::ensure_no_trap(&gateway.envoy)
}
