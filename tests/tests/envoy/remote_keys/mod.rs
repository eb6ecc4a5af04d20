//! Keys that jwt-auth fetches from their issuer: arrival, waiting requests, failures and rotation.

mod arrival;
mod discovery;
mod failure;
mod key_sets;
mod limits;
mod load;
mod messages;
mod rotation;
mod tenants;
mod unknown_kid;
mod waiting;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    client::{Connection, Request, Response},
    envoy::WasmFilter,
    gateway::Gateway,
    wait::until,
};
use novasphere_tests::{
    key_server::{JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://issuer.test";

/// The default `cooldown` of the tests.
const COOLDOWN: Duration = Duration::from_secs(1);

/// A `timeout` in seconds for tests in which the keys do not arrive. The default of the tests is the
/// maximum, so that late keys fail no request on a busy machine.
const SHORT_TIMEOUT: u64 = 2;

/// Enough connections that each of four workers certainly gets some.
const CONNECTIONS: usize = 24;

fn server(keys: &[&TestKey]) -> Result<KeyServer> {
    KeyServer::start(ISSUER, published(keys))
}

/// The key set entries of the keys.
fn published(keys: &[&TestKey]) -> Vec<Value> {
    keys.iter().map(|key| key.jwk()).collect()
}

/// The `jwks` entry with changed fields; null removes a field.
fn provider(fields: Value) -> Value {
    let mut provider = json!({
        "issuer": ISSUER, "cluster": "keys", "path": JWKS_PATH,
        "refresh": 300, "timeout": 60, "cooldown": COOLDOWN.as_secs(), "max_waiting": 100,
        "algorithms": ["RS256", "ES256", "EdDSA"],
    });
    if let (Some(provider), Value::Object(fields)) = (provider.as_object_mut(), fields) {
        provider.extend(fields);
        provider.retain(|_, value| !value.is_null());
    }
    provider
}

/// A gateway whose jwt-auth fetches its keys from the server.
fn gateway(server: &KeyServer, workers: u32, fields: Value) -> Result<Gateway> {
    gateway_of(filter(fields), server, workers)
}

/// The jwt-auth filter of a gateway.
fn filter(fields: Value) -> WasmFilter {
    WasmFilter::new("jwt-auth", config(fields).to_string())
}

/// The configuration of jwt-auth.
fn config(fields: Value) -> Value {
    json!({
        "jwks": [provider(fields)],
        "uri_param_names": [],
        "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}],
    })
}

fn gateway_of(filter: WasmFilter, server: &KeyServer, workers: u32) -> Result<Gateway> {
    Gateway::configured(vec![filter], |mut config| {
        config.clusters.insert("keys".to_owned(), server.addr);
        config.concurrency = workers;
        config
    })
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "exp": "now+600"})
}

/// A valid token that no cache knows: `n` makes it unique.
fn token(key: &TestKey, n: usize) -> Result<String> {
    let mut claims = claims();
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("jti".to_owned(), n.to_string().into());
    }
    key.token(&claims)
}

fn tokens(key: &TestKey, count: usize) -> Result<Vec<String>> {
    (0..count).map(|n| token(key, n)).collect()
}

fn request(token: &str) -> Request {
    Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"))
}

fn status(gateway: &Gateway, token: &str) -> Result<u16> {
    Ok(gateway.send(&request(token))?.head.status)
}

/// Checks that the request passed and that the upstream received the identity alice.
fn ensure_passed(response: &Response) -> Result<()> {
    ensure!(
        response.head.status == 200,
        "not passed: {} {}",
        response.head.status,
        response.text()
    );
    let seen = response.json()?;
    let lines = seen.get("headers").and_then(Value::as_array).context("no headers")?;
    let alice = json!(["x-user-id", "alice"]);
    ensure!(lines.contains(&alice), "no identity reached the upstream: {lines:?}");
    Ok(())
}

/// Checks for a 503 with Retry-After (RFC 9110 section 10.2.3).
fn ensure_unavailable(response: &Response) -> Result<()> {
    ensure!(response.head.status == 503, "not a 503: {} {}", response.head.status, response.text());
    let retry_after = response.head.all("retry-after");
    let seconds = retry_after.first().and_then(|value| value.parse::<u64>().ok());
    ensure!(
        retry_after.len() == 1 && seconds.is_some_and(|s| (1..=600).contains(&s)),
        "retry-after: {retry_after:?}"
    );
    Ok(())
}

/// Sends the tokens one after another, each over a new connection, and counts the statuses.
fn statuses<'t>(
    gateway: &Gateway,
    tokens: impl IntoIterator<Item = &'t String>,
) -> Result<BTreeMap<u16, usize>> {
    let mut counts = BTreeMap::new();
    for token in tokens {
        let count: &mut usize = counts.entry(status(gateway, token)?).or_default();
        *count = count.saturating_add(1);
    }
    Ok(counts)
}

/// Checks that valid tokens that no cache knows pass on every worker.
fn ensure_all_pass(gateway: &Gateway, key: &TestKey) -> Result<()> {
    for token in tokens(key, CONNECTIONS)? {
        ensure_passed(&gateway.send(&request(&token))?)?;
    }
    Ok(())
}

/// Waits until a valid token passes.
fn wait_until_passed(gateway: &Gateway, key: &TestKey) -> Result<()> {
    let token = token(key, 0)?;
    until("a valid token to pass", || Ok((status(gateway, &token)? == 200).then_some(())))
}

/// Sends the requests, each over a new connection, without waiting for responses.
fn send_all<'t>(
    gateway: &Gateway,
    tokens: impl IntoIterator<Item = &'t String>,
) -> Result<Vec<Connection>> {
    let send = |token: &String| {
        let mut connection = Connection::open(gateway.addr)?;
        connection.write(&request(token).to_bytes())?;
        Ok(connection)
    };
    tokens.into_iter().map(send).collect()
}

/// Reads the response to a request that was sent earlier.
fn read_response(connection: &mut Connection) -> Result<Response> {
    let head = connection.read_head()?;
    let mut framing = head.framing(b"GET")?;
    let mut body = Vec::new();
    while let Some(piece) = connection.next_piece(&mut framing)? {
        body.extend(piece);
    }
    Ok(Response { head, body })
}

/// Waits until exactly `count` requests in the gateway have no response.
fn wait_for_pending(gateway: &Gateway, count: u64) -> Result<()> {
    let name = "http.gateway.downstream_rq_active";
    gateway.envoy.wait_for_stat(name, |active| active == count).map(drop)
}

/// The number of workers that took connections: tests of several workers check it.
fn workers_taking_part(gateway: &Gateway) -> Result<usize> {
    let stats = gateway.envoy.stats()?;
    let took_part = |name: &str| {
        name.starts_with("listener.")
            && name.contains(".worker_")
            && name.ends_with(".downstream_cx_total")
    };
    Ok(stats.iter().filter(|(name, count)| took_part(name) && **count > 0).count())
}

/// Header members that change the `kid`.
fn with_kid(kid: &str) -> Value {
    Value::Object(Map::from_iter([("kid".to_owned(), kid.into())]))
}
