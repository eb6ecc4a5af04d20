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
fn a_token_of_each_kind_of_key_passes() -> Result<()> {
    let keys = keys()?;
    let server = server(&keys.each_ref())?;
    let gateway = gateway(&server, 1, Value::Null)?;
    for key in &keys {
        ensure_passed(&gateway.send(&request(&key.token(&claims())?))?)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn an_entry_that_cannot_be_used_does_not_spoil_the_others() -> Result<()> {
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

/// All of them are signed well, or forged with what everybody can read.
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
        ("another key of that name", TestKey::es256("ec")?.token(&claims)?),
        ("the name of another key", ec.token_with(&with_kid("ed"), &claims)?),
        ("an unknown name", ec.token_with(&with_kid("nobody"), &claims)?),
        ("another issuer", ec.token(&other("iss", "https://other-issuer.test".into()))?),
        ("another slash", ec.token(&other("iss", format!("{ISSUER}/").into()))?),
        ("no issuer", ec.token(&other("iss", Value::Null))?),
        ("expired", ec.token(&other("exp", "now-60".into()))?),
        ("alg none", ec.token_with(&json!({"alg": "none"}), &claims)?),
        ("alg HS256", ec.token_with(&json!({"alg": "HS256"}), &claims)?),
    ])
}

#[test]
fn nothing_else_passes() -> Result<()> {
    let [_, ec, ed] = keys()?;
    let rsa = TestKey::rsa("rsa", "RS256", "rsa-a.pem")?;
    // Without `alg` only the configuration says what the key is for.
    let entries = vec![rsa.jwk_without_algorithm(), ec.jwk(), ed.jwk()];
    let server = KeyServer::start(ISSUER, entries)?;
    let gateway = gateway(&server, 1, Value::Null)?;
    ensure_passed(&gateway.send(&request(&rsa.token(&claims())?))?)?;
    for (what, token) in bad_tokens(&ec)? {
        let status = status(&gateway, &token)?;
        ensure!(status == 401, "{what}: answered with {status}");
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
    ensure!(workers >= 3, "only {workers} workers had something to do");
    // One, and one more if the lease passed from the main thread to a worker at the start; each of
    // the four workers and the main thread for itself would make five.
    let fetches = server.requests(JWKS_PATH);
    ensure!((1..=2).contains(&fetches), "{fetches} fetches for {CONNECTIONS} connections");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn workers_share_the_refreshes() -> Result<()> {
    const REFRESHES: usize = 10;
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = four_workers(&server, json!({"refresh": 1}))?;
    ensure_all_pass(&gateway, &key)?;
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    server.wait_for_requests(JWKS_PATH, before + REFRESHES)?;
    let (span, fetches) = (start.elapsed(), server.requests(JWKS_PATH) - before);
    // Keys are refreshed somewhat before they are due, but hardly in the first half of their time:
    // ten refreshes take five seconds at least, where five threads for themselves would take two.
    ensure!(span.as_millis() >= 4_500, "{fetches} fetches within {span:?}");
    ensure_all_pass(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn an_answer_that_may_not_be_kept_makes_no_storm() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.set(|setup| setup.cache_control = Some("no-store, max-age=0".to_owned()));
    let gateway = four_workers(&server, Value::Null)?;
    let start = instant();
    for _ in 0..8 {
        ensure_all_pass(&gateway, &key)?;
    }
    let (seconds, fetches) = (start.elapsed().as_secs(), server.requests(JWKS_PATH));
    let bound = usize::try_from(seconds)?.saturating_add(3);
    ensure!(fetches <= bound, "{fetches} fetches within {seconds} seconds");
    chain::ensure_no_trap(&gateway.envoy)
}
