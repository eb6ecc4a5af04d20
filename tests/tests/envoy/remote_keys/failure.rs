//! The issuer's server fails after it has served keys: the last good keys stay in use.

use anyhow::{Result, ensure};
use novasphere_harness::{chain, clock::instant, gateway::Gateway, wait::until};
use novasphere_tests::{
    key_server::{Behaviour, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    SHORT_TIMEOUT, ensure_all_pass, gateway, published, server, status, token, wait_until_passed,
};

const WORKERS: u32 = 4;

/// Larger than the limit for a key set.
const HUGE: usize = 4 << 20;

/// The cooldown prevents fetches for unknown kids, so their requests do not wait.
fn refreshing(server: &KeyServer) -> Result<Gateway> {
    gateway(server, WORKERS, json!({"refresh": 1, "cooldown": 60}))
}

/// Waits until the server has failed twice in the given way.
fn wait_for_failures(gateway: &Gateway, server: &KeyServer, behaviour: Behaviour) -> Result<()> {
    let count = || match behaviour {
        Behaviour::Down => server.dropped(),
        _ => server.requests(JWKS_PATH),
    };
    // The connection that was open when the server went down does not count as a failure.
    let failures = if behaviour == Behaviour::Down { 3 } else { 2 };
    let before = count();
    until(&format!("fetches from a server that is {behaviour:?}"), || {
        Ok((count() >= before + failures).then_some(()))
    })?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn last_good_keys_stay_in_use() -> Result<()> {
    let [key, other] = [TestKey::es256("k1")?, TestKey::es256("k2")?];
    let server = server(&[&key])?;
    let gateway = refreshing(&server)?;
    ensure_all_pass(&gateway, &key)?;
    let failures = [
        Behaviour::Status(500),
        Behaviour::Status(404),
        Behaviour::Garbage,
        Behaviour::Huge(HUGE),
        Behaviour::Down,
    ];
    for behaviour in failures {
        // The keys in a failed response are ignored.
        server.set(|setup| {
            setup.behaviour = behaviour;
            setup.keys = published(&[&other]);
        });
        wait_for_failures(&gateway, &server, behaviour)?;
        ensure_all_pass(&gateway, &key)?;
        let status = status(&gateway, &token(&other, 0)?)?;
        ensure!(status == 401, "{behaviour:?}: a key from a failed response is accepted: {status}");
    }
    // The server recovers: now its keys are used.
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &other)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn keys_stay_in_use_until_the_server_is_back() -> Result<()> {
    let [key, other] = [TestKey::es256("k1")?, TestKey::es256("k2")?];
    let mut server = server(&[&key])?;
    let gateway = refreshing(&server)?;
    ensure_all_pass(&gateway, &key)?;
    server.unbind()?;
    gateway.envoy.wait_for_stat("cluster.keys.upstream_cx_connect_fail", |n| n >= 2)?;
    ensure_all_pass(&gateway, &key)?;
    server.set(|setup| setup.keys = published(&[&other]));
    server.bind()?;
    wait_until_passed(&gateway, &other)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn key_set_without_a_usable_key_keeps_the_current_keys() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = refreshing(&server)?;
    ensure_all_pass(&gateway, &key)?;
    let sets: [Vec<Value>; 3] = [
        Vec::new(),
        vec![json!({"kty": "oct", "k": "AAAA", "kid": "k1"})],
        vec![json!("k1"), json!(null)],
    ];
    for keys in sets {
        server.set(|setup| setup.keys = keys);
        wait_for_failures(&gateway, &server, Behaviour::Serve)?;
        ensure_all_pass(&gateway, &key)?;
    }
    Ok(())
}

#[test]
fn failed_fetches_do_not_cause_a_fetch_storm() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Status(500));
    let gateway = gateway(&server, WORKERS, json!({"timeout": SHORT_TIMEOUT}))?;
    let (start, before) = (instant(), server.requests(JWKS_PATH));
    for n in 0..200 {
        let status = status(&gateway, &token(&key, n)?)?;
        ensure!(status == 503, "status {status} without keys");
        if start.elapsed().as_secs() >= 10 {
            break; // a request may wait for a failing fetch
        }
    }
    let (seconds, fetches) = (start.elapsed().as_secs(), server.requests(JWKS_PATH) - before);
    // At most one fetch per second of cooldown, and one at each end of the span.
    let bound = usize::try_from(seconds)?.saturating_add(2);
    ensure!(fetches <= bound, "{fetches} fetches within {seconds} seconds");
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}
