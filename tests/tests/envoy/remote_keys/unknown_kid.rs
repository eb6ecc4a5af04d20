//! A token with an unknown `kid` triggers a fetch, but not more often than allowed.

use std::time::Duration;

use anyhow::{Result, ensure};
use novasphere_harness::{chain, clock::instant};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    COOLDOWN, claims, ensure_all_pass, ensure_passed, gateway, published, request, server,
    statuses, token, with_kid, workers_taking_part,
};

const WORKERS: u32 = 4;

#[test]
fn random_kids_do_not_cause_a_fetch_storm() -> Result<()> {
    const COOLDOWN: u64 = 5;
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = gateway(&server, WORKERS, json!({"cooldown": COOLDOWN}))?;
    ensure_all_pass(&gateway, &key)?;
    let forged = |n: usize| key.token_with(&with_kid(&format!("random-{n}")), &claims());
    let forged = (0..200).map(forged).collect::<Result<Vec<_>>>()?;
    server.wait_for_silence(Duration::from_secs(COOLDOWN) + Duration::from_millis(500))?;
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    let statuses = statuses(&gateway, &forged)?;
    let (span, fetches) = (start.elapsed(), server.requests(JWKS_PATH) - before);
    ensure!(statuses.get(&401) == Some(&200), "{statuses:?}");
    let workers = workers_taking_part(&gateway)?;
    ensure!(workers >= 3, "only {workers} workers took connections");
    // One fetch at once, and one for every cooldown that passed during the requests.
    let bound = usize::try_from(span.as_secs() / COOLDOWN)?.saturating_add(1);
    ensure!((1..=bound).contains(&fetches), "{fetches} fetches within {span:?}");
    ensure_all_pass(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn new_key_is_fetched_at_its_first_token() -> Result<()> {
    let [old, new] = [TestKey::es256("old")?, TestKey::eddsa("new")?];
    let server = server(&[&old])?;
    let gateway = gateway(&server, WORKERS, Value::Null)?;
    ensure_all_pass(&gateway, &old)?;
    server.wait_for_silence(COOLDOWN + Duration::from_millis(500))?;
    server.set(|setup| setup.keys = published(&[&old, &new]));
    let before = server.requests(JWKS_PATH);
    ensure_passed(&gateway.send(&request(&token(&new, 0)?))?)?;
    // The other workers take the keys from the worker that fetched them.
    ensure_all_pass(&gateway, &new)?;
    ensure_all_pass(&gateway, &old)?;
    let fetches = server.requests(JWKS_PATH) - before;
    ensure!(fetches == 1, "{fetches} fetches for one new key");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn unknown_kid_during_an_outage_does_not_affect_valid_tokens() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = gateway(&server, WORKERS, Value::Null)?;
    ensure_all_pass(&gateway, &key)?;
    server.wait_for_silence(COOLDOWN + Duration::from_millis(500))?;
    server.behave(Behaviour::Status(503));
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    let forged = |n: usize| key.token_with(&with_kid(&format!("random-{n}")), &claims());
    let forged = (0..40).map(forged).collect::<Result<Vec<_>>>()?;
    let statuses = statuses(&gateway, &forged)?;
    // The filter cannot distinguish an unknown kid from keys that are late. It may respond with
    // either status, but must not let the request pass.
    let refused: usize = [401, 503].iter().filter_map(|status| statuses.get(status)).sum();
    ensure!(refused == forged.len(), "{statuses:?}");
    ensure_all_pass(&gateway, &key)?;
    let (seconds, fetches) = (start.elapsed().as_secs(), server.requests(JWKS_PATH) - before);
    let bound = usize::try_from(seconds)?.saturating_add(2);
    ensure!(fetches <= bound, "{fetches} fetches within {seconds} seconds");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn token_without_kid_causes_no_fetch() -> Result<()> {
    let [key, other] = [TestKey::es256("k1")?, TestKey::es256("k2")?];
    let server = server(&[&key])?;
    let gateway = gateway(&server, 1, Value::Null)?;
    ensure_all_pass(&gateway, &key)?;
    server.wait_for_silence(COOLDOWN + Duration::from_millis(500))?;
    let before = server.requests(JWKS_PATH);
    let without_kid = other.token_with(&json!({"kid": Value::Null}), &claims())?;
    let statuses = statuses(&gateway, &[without_kid])?;
    ensure!(statuses.get(&401) == Some(&1), "{statuses:?}");
    ensure!(server.requests(JWKS_PATH) == before, "a token without kid caused a fetch");
    chain::ensure_no_trap(&gateway.envoy)
}
