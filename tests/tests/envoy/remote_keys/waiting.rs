//! Requests wait for the first keys, within bounds.

use std::time::Duration;

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Request},
    clock::instant,
    envoy::WasmFilter,
};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    answer, ensure_passed, ensure_unavailable, filter, gateway, gateway_of, request, send_all,
    server, status, token, tokens, wait_for_parked, wait_until_passed,
};

/// Longer than a test holds the keys back.
const LONG: u64 = 10;

/// Until a request that waits in vain is answered, beyond the timeout: machines are slow.
const SLACK: Duration = Duration::from_secs(8);

#[test]
fn early_requests_wait_for_the_keys() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 2, json!({"timeout": LONG}))?;
    let mut early = send_all(&gateway, &tokens(&key, 20)?)?;
    server.wait_for_requests(JWKS_PATH, 1)?;
    wait_for_parked(&gateway, 20)?;
    server.behave(Behaviour::Serve);
    for connection in &mut early {
        ensure_passed(&answer(connection)?)?;
    }
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches");
    chain::ensure_no_trap(&gateway.envoy)
}

/// Where a body goes on although its head is held back, Envoy lets both pass after it.
#[test]
fn a_body_takes_no_early_request_along() -> Result<()> {
    let [key, forger] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let filter = WasmFilter { bodies_go_on: true, ..filter(json!({"timeout": LONG})) };
    let gateway = gateway_of(filter, &server, 1)?;
    let mut early = Vec::new();
    for key in [&key, &forger] {
        let post = Request { method: b"POST".to_vec(), ..request(&token(key, 0)?) };
        let mut connection = Connection::open(gateway.addr)?;
        connection.write(&post.body("a body").to_bytes())?;
        early.push(connection);
    }
    wait_for_parked(&gateway, 2)?;
    server.behave(Behaviour::Serve);
    let [good, forged] = early.as_mut_slice() else { anyhow::bail!("not two connections") };
    for (connection, expected) in [(forged, 401), (good, 201)] {
        let status = answer(connection)?.head.status;
        ensure!(status == expected, "answered with {status} instead of {expected}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn early_requests_wait_for_a_slow_server() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Slow(Duration::from_millis(1200)));
    let gateway = gateway(&server, 4, Value::Null)?;
    let mut early = send_all(&gateway, &tokens(&key, 20)?)?;
    for connection in &mut early {
        ensure_passed(&answer(connection)?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn a_bad_token_among_the_early_ones_is_refused() -> Result<()> {
    let [key, forger] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, json!({"timeout": LONG}))?;
    let mut early = send_all(&gateway, &[token(&key, 0)?, token(&forger, 0)?])?;
    wait_for_parked(&gateway, 2)?;
    // What no key of this issuer can make good need not wait, and takes nobody's place.
    let stranger = key.token(&json!({"iss": "https://other-issuer.test", "exp": "now+60"}))?;
    for hopeless in [stranger.as_str(), "a.b.c", ""] {
        let status = status(&gateway, hopeless)?;
        ensure!(status == 401, "{hopeless:.20}: answered with {status}");
    }
    server.behave(Behaviour::Serve);
    let [good, forged] = early.as_mut_slice() else { anyhow::bail!("not two connections") };
    ensure_passed(&answer(good)?)?;
    let forged = answer(forged)?;
    ensure!(forged.head.status == 401, "{forged:?}");
    chain::ensure_no_trap(&gateway.envoy)
}

/// Nobody waits longer than the timeout, and is told when to come again.
fn ensure_given_up(behaviour: Behaviour, at_least: Duration) -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(behaviour);
    let gateway = gateway(&server, 2, Value::Null)?;
    let start = instant();
    let mut early = send_all(&gateway, &tokens(&key, 10)?)?;
    for connection in &mut early {
        ensure_unavailable(&answer(connection)?)?;
    }
    let span = start.elapsed();
    ensure!((at_least..=Duration::from_secs(2) + SLACK).contains(&span), "answered after {span:?}");
    // And when the server is well again, so is the gateway, without anybody's doing.
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn they_are_told_when_the_server_does_not_answer() -> Result<()> {
    // The first fetch may have begun before the first request came.
    ensure_given_up(Behaviour::Held, Duration::from_millis(500))
}

#[test]
fn they_are_told_when_the_server_is_down() -> Result<()> {
    ensure_given_up(Behaviour::Down, Duration::ZERO)
}

#[test]
fn they_are_told_when_nobody_listens() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let mut server = server(&[&key])?;
    server.unbind()?;
    let gateway = gateway(&server, 1, Value::Null)?;
    ensure_unavailable(&gateway.send(&request(&token(&key, 0)?))?)?;
    server.bind()?;
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn no_more_than_max_waiting_wait() -> Result<()> {
    const WAITING: usize = 3;
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let fields = json!({"timeout": LONG, "max_waiting": WAITING});
    let gateway = gateway(&server, 1, fields)?;
    let tokens = tokens(&key, WAITING * 2)?;
    let (first, rest) = tokens.split_at(WAITING);
    let mut waiting = send_all(&gateway, first)?;
    wait_for_parked(&gateway, u64::try_from(WAITING)?)?;
    for token in rest {
        ensure_unavailable(&gateway.send(&request(token))?)?;
    }
    // A place that somebody gives up is free again.
    drop(waiting.pop());
    wait_for_parked(&gateway, u64::try_from(WAITING - 1)?)?;
    waiting.extend(send_all(&gateway, first.last())?);
    wait_for_parked(&gateway, u64::try_from(WAITING)?)?;
    server.behave(Behaviour::Serve);
    for connection in &mut waiting {
        ensure_passed(&answer(connection)?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn a_client_that_goes_away_takes_nobodys_keys_along() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, json!({"timeout": LONG}))?;
    let mut early: Vec<Connection> = send_all(&gateway, &tokens(&key, 3)?)?;
    server.wait_for_requests(JWKS_PATH, 1)?;
    wait_for_parked(&gateway, 3)?;
    // The first is the one that may have made the fetch.
    drop(early.remove(0));
    wait_for_parked(&gateway, 2)?;
    server.behave(Behaviour::Serve);
    for connection in &mut early {
        ensure_passed(&answer(connection)?)?;
    }
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn clients_that_all_go_away_leave_a_gateway_that_works() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, json!({"timeout": LONG}))?;
    let early = send_all(&gateway, &tokens(&key, 10)?)?;
    wait_for_parked(&gateway, 10)?;
    drop(early);
    wait_for_parked(&gateway, 0)?;
    server.behave(Behaviour::Serve);
    ensure_passed(&gateway.send(&request(&token(&key, 0)?))?)?;
    chain::ensure_no_trap(&gateway.envoy)
}
