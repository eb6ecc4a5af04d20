//! The keys are fetched once a proxy, and all workers share them.

use anyhow::{Result, ensure};
use novasphere_harness::{chain, clock::instant, gateway::Gateway};
use novasphere_tests::{
    key_server::{JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    CONNECTIONS, ISSUER, claims, ensure_all_pass, ensure_passed, gateway, published, request,
    server, status, with_kid, workers_taking_part,
};

fn keys() -> Result<[TestKey; 3]> {
    Ok([TestKey::rsa("rsa", "RS256", "rsa-a.pem")?, TestKey::es256("ec")?, TestKey::eddsa("ed")?])
}

#[test]
fn accepts_tokens_of_each_key_type() -> Result<()> {
    let keys = keys()?;
    let server = server(&keys.each_ref())?;
    let gateway = gateway(&server, 1, Value::Null)?;
    for key in &keys {
        ensure_passed(&gateway.send(&request(&key.token(&claims())?))?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn unusable_key_set_entries_are_ignored() -> Result<()> {
    let key = TestKey::es256("good")?;
    let mut encryption = TestKey::es256("encryption")?.jwk();
    if let Some(members) = encryption.as_object_mut() {
        members.insert("use".to_owned(), "enc".into());
    }
    let odd = [
        json!({"kty": "AKP", "kid": "new", "alg": "ML-DSA-44", "pub": "AA"}),
        json!({"kty": "oct", "kid": "secret", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "no point", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "no numbers"}),
        json!({}),
        encryption,
    ];
    let entries = odd.into_iter().chain(published(&[&key])).collect();
    let server = KeyServer::start(ISSUER, entries)?;
    let gateway = gateway(&server, 1, Value::Null)?;
    ensure_passed(&gateway.send(&request(&key.token(&claims())?))?)?;
    chain::ensure_no_trap(&gateway.envoy)
}

/// Tokens that are correctly signed but not acceptable, or forged with public data.
fn bad_tokens(ec: &TestKey) -> Result<Vec<(&'static str, String)>> {
    let rsa = TestKey::rsa("rsa", "PS256", "rsa-a.pem")?;
    let claims = claims();
    let other = |name: &str, value: Value| {
        let mut claims = claims.clone();
        if let Some(members) = claims.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
        claims
    };
    Ok(vec![
        ("an algorithm that is not listed", rsa.token(&claims)?),
        ("another key with the same kid", TestKey::es256("ec")?.token(&claims)?),
        ("the kid of another key", ec.token_with(&with_kid("ed"), &claims)?),
        ("an unknown kid", ec.token_with(&with_kid("nobody"), &claims)?),
        ("another issuer", ec.token(&other("iss", "https://other-issuer.test".into()))?),
        ("an issuer with a trailing slash", ec.token(&other("iss", format!("{ISSUER}/").into()))?),
        ("no issuer", ec.token(&other("iss", Value::Null))?),
        ("expired", ec.token(&other("exp", "now-60".into()))?),
        ("alg none", ec.token_with(&json!({"alg": "none"}), &claims)?),
        ("alg HS256", ec.token_with(&json!({"alg": "HS256"}), &claims)?),
    ])
}

#[test]
fn rejects_tokens_with_wrong_key_algorithm_issuer_or_expiry() -> Result<()> {
    let [_, ec, ed] = keys()?;
    let rsa = TestKey::rsa("rsa", "RS256", "rsa-a.pem")?;
    // Without `alg` in the key, only the configuration determines its algorithm.
    let entries = vec![rsa.jwk_without_algorithm(), ec.jwk(), ed.jwk()];
    let server = KeyServer::start(ISSUER, entries)?;
    // The cooldown prevents a fetch for the unknown kid, so its request does not wait.
    let gateway = gateway(&server, 1, json!({"cooldown": 60}))?;
    ensure_passed(&gateway.send(&request(&rsa.token(&claims())?))?)?;
    for (label, token) in bad_tokens(&ec)? {
        let status = status(&gateway, &token)?;
        ensure!(status == 401, "{label}: status {status}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

const WORKERS: u32 = 4;

fn four_workers(server: &KeyServer, fields: Value) -> Result<Gateway> {
    gateway(server, WORKERS, fields)
}

#[test]
fn workers_share_one_fetch() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = four_workers(&server, Value::Null)?;
    ensure_all_pass(&gateway, &key)?;
    ensure_all_pass(&gateway, &key)?;
    let workers = workers_taking_part(&gateway)?;
    ensure!(workers >= 3, "only {workers} workers took connections");
    // One fetch, and one more if the fetch lease moved from the main thread to a worker at the
    // start. Without sharing, the four workers and the main thread would make five.
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches for {CONNECTIONS} connections");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn workers_share_refreshes() -> Result<()> {
    const REFRESHES: usize = 10;
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = four_workers(&server, json!({"refresh": 1}))?;
    ensure_all_pass(&gateway, &key)?;
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    server.wait_for_requests(JWKS_PATH, before + REFRESHES)?;
    let (span, fetches) = (start.elapsed(), server.requests(JWKS_PATH) - before);
    // The filter refreshes keys before they expire, but rarely in the first half of their lifetime.
    // Ten refreshes take at least five seconds; five threads without sharing would take two.
    ensure!(span.as_millis() >= 4_500, "{fetches} fetches within {span:?}");
    ensure_all_pass(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn uncacheable_key_set_does_not_cause_a_fetch_storm() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.set(|setup| setup.cache_control = Some("no-store, max-age=0".to_owned()));
    let gateway = four_workers(&server, Value::Null)?;
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    for _ in 0..8 {
        ensure_all_pass(&gateway, &key)?;
    }
    let (span, fetches) = (start.elapsed(), server.requests(JWKS_PATH) - before);
    // Keys live for the cooldown, or up to a tenth less.
    let bound = usize::try_from(span.as_millis() / 900)?.saturating_add(2);
    ensure!(fetches <= bound, "{fetches} fetches within {span:?}");
    chain::ensure_no_trap(&gateway.envoy)
}
