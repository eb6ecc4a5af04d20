//! The issuer's metadata names the key set (OpenID Connect Discovery 1.0).

use anyhow::{Result, ensure};
use novasphere_harness::{chain, gateway::Gateway, wait::until};
use novasphere_tests::{
    key_server::{Behaviour, DISCOVERY_PATH, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    ensure_all_pass, ensure_passed, ensure_unavailable, gateway, request, server, token,
    wait_until_passed,
};

fn discovering(server: &KeyServer, workers: u32, refresh: u32) -> Result<Gateway> {
    let fields = json!({"path": Value::Null, "discovery": true, "refresh": refresh});
    gateway(server, workers, fields)
}

#[test]
fn the_issuer_tells_where_its_keys_are() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = discovering(&server, 4, 300)?;
    ensure_all_pass(&gateway, &key)?;
    for path in [DISCOVERY_PATH, JWKS_PATH] {
        let fetches = server.requests(path);
        ensure!((1..=2).contains(&fetches), "{fetches} fetches of {path}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn the_description_of_another_issuer_is_not_followed() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::WrongIssuer);
    let gateway = discovering(&server, 1, 300)?;
    ensure_unavailable(&gateway.send(&request(&token(&key, 0)?))?)?;
    ensure!(server.requests(DISCOVERY_PATH) >= 1);
    ensure!(server.requests(JWKS_PATH) == 0, "keys were fetched on the word of another issuer");
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn a_description_that_goes_bad_leaves_the_keys_as_they_are() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = discovering(&server, 4, 1)?;
    ensure_all_pass(&gateway, &key)?;
    for behaviour in [Behaviour::WrongIssuer, Behaviour::Garbage, Behaviour::Huge(4 << 20)] {
        server.behave(behaviour);
        let before = server.all_requests();
        until("two more fetches", || Ok((server.all_requests() >= before + 2).then_some(())))?;
        ensure_all_pass(&gateway, &key)?;
    }
    server.behave(Behaviour::Serve);
    ensure_passed(&gateway.send(&request(&token(&key, 0)?))?)?;
    chain::ensure_no_trap(&gateway.envoy)
}
