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
    SHORT_TIMEOUT, ensure_passed, ensure_unavailable, filter, gateway, gateway_of, read_response,
    request, send_all, server, status, token, tokens, wait_for_pending, wait_until_passed,
};

#[test]
fn early_requests_wait_for_the_keys() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 2, Value::Null)?;
    let mut early = send_all(&gateway, &tokens(&key, 20)?)?;
    server.wait_for_requests(JWKS_PATH, 1)?;
    wait_for_pending(&gateway, 20)?;
    server.behave(Behaviour::Serve);
    for connection in &mut early {
        ensure_passed(&read_response(connection)?)?;
    }
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches");
    chain::ensure_no_trap(&gateway.envoy)
}

/// If a filter lets the body continue while it holds the head, Envoy lets both pass.
#[test]
fn early_request_with_a_body_is_not_released_by_its_body() -> Result<()> {
    let [key, forger] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let filter = WasmFilter { bodies_go_on: true, ..filter(Value::Null) };
    let gateway = gateway_of(filter, &server, 1)?;
    let mut early = Vec::new();
    for key in [&key, &forger] {
        let post = Request { method: b"POST".to_vec(), ..request(&token(key, 0)?) };
        let mut connection = Connection::open(gateway.addr)?;
        connection.write(&post.body("a body").to_bytes())?;
        early.push(connection);
    }
    wait_for_pending(&gateway, 2)?;
    server.behave(Behaviour::Serve);
    let [good, forged] = early.as_mut_slice() else { anyhow::bail!("not two connections") };
    for (connection, expected) in [(forged, 401), (good, 201)] {
        let status = read_response(connection)?.head.status;
        ensure!(status == expected, "status {status} instead of {expected}");
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
        ensure_passed(&read_response(connection)?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn invalid_token_among_waiting_requests_is_refused() -> Result<()> {
    let [key, forger] = [TestKey::es256("k1")?, TestKey::es256("k1")?];
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, Value::Null)?;
    let mut early = send_all(&gateway, &[token(&key, 0)?, token(&forger, 0)?])?;
    wait_for_pending(&gateway, 2)?;
    // A token that no key of this issuer can verify does not wait and takes no pending slot.
    let other_issuer = key.token(&json!({"iss": "https://other-issuer.test", "exp": "now+60"}))?;
    for unverifiable in [other_issuer.as_str(), "a.b.c", ""] {
        let status = status(&gateway, unverifiable)?;
        ensure!(status == 401, "{unverifiable:.20}: status {status}");
    }
    server.behave(Behaviour::Serve);
    let [good, forged] = early.as_mut_slice() else { anyhow::bail!("not two connections") };
    ensure_passed(&read_response(good)?)?;
    let forged = read_response(forged)?;
    ensure!(forged.head.status == 401, "{forged:?}");
    chain::ensure_no_trap(&gateway.envoy)
}

/// Checks that waiting requests get a 503 with Retry-After after the timeout.
fn ensure_unavailable_after_timeout(behaviour: Behaviour, at_least: Duration) -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(behaviour);
    let gateway = gateway(&server, 2, json!({"timeout": SHORT_TIMEOUT}))?;
    let start = instant();
    let mut early = send_all(&gateway, &tokens(&key, 10)?)?;
    for connection in &mut early {
        ensure_unavailable(&read_response(connection)?)?;
    }
    let span = start.elapsed();
    // The default timeout of the tests is 60 s.
    ensure!((at_least..Duration::from_secs(50)).contains(&span), "responses after {span:?}");
    // When the server recovers, the gateway recovers without intervention.
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn waiting_requests_get_503_when_the_server_does_not_respond() -> Result<()> {
    // The first fetch may have started before the first request arrived.
    ensure_unavailable_after_timeout(Behaviour::Held, Duration::from_millis(500))
}

#[test]
fn waiting_requests_get_503_when_the_server_is_down() -> Result<()> {
    ensure_unavailable_after_timeout(Behaviour::Down, Duration::ZERO)
}

#[test]
fn requests_get_503_when_no_server_listens() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let mut server = server(&[&key])?;
    server.unbind()?;
    let gateway = gateway(&server, 1, json!({"timeout": SHORT_TIMEOUT}))?;
    ensure_unavailable(&gateway.send(&request(&token(&key, 0)?))?)?;
    server.bind()?;
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn requests_beyond_max_waiting_get_503() -> Result<()> {
    const WAITING: usize = 3;
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, json!({"max_waiting": WAITING}))?;
    let tokens = tokens(&key, WAITING * 2)?;
    let (first, rest) = tokens.split_at(WAITING);
    let mut waiting = send_all(&gateway, first)?;
    wait_for_pending(&gateway, u64::try_from(WAITING)?)?;
    for token in rest {
        ensure_unavailable(&gateway.send(&request(token))?)?;
    }
    // A client that disconnects frees its pending slot.
    drop(waiting.pop());
    wait_for_pending(&gateway, u64::try_from(WAITING - 1)?)?;
    waiting.extend(send_all(&gateway, first.last())?);
    wait_for_pending(&gateway, u64::try_from(WAITING)?)?;
    server.behave(Behaviour::Serve);
    for connection in &mut waiting {
        ensure_passed(&read_response(connection)?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn disconnected_client_does_not_cancel_the_fetch_for_others() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, Value::Null)?;
    let mut early: Vec<Connection> = send_all(&gateway, &tokens(&key, 3)?)?;
    server.wait_for_requests(JWKS_PATH, 1)?;
    wait_for_pending(&gateway, 3)?;
    // The first request may have started the fetch.
    drop(early.remove(0));
    wait_for_pending(&gateway, 2)?;
    server.behave(Behaviour::Serve);
    for connection in &mut early {
        ensure_passed(&read_response(connection)?)?;
    }
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn gateway_works_after_all_waiting_clients_disconnect() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let gateway = gateway(&server, 1, Value::Null)?;
    let early = send_all(&gateway, &tokens(&key, 10)?)?;
    wait_for_pending(&gateway, 10)?;
    drop(early);
    wait_for_pending(&gateway, 0)?;
    server.behave(Behaviour::Serve);
    ensure_passed(&gateway.send(&request(&token(&key, 0)?))?)?;
    chain::ensure_no_trap(&gateway.envoy)
}
