//! The issuer's metadata names the key set (OpenID Connect Discovery 1.0).

use anyhow::{Result, ensure};
use novasphere_harness::{chain, envoy::WasmFilter, gateway::Gateway, wait::until};
use novasphere_tests::{
    key_server::{Behaviour, DISCOVERY_PATH, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{
    SHORT_TIMEOUT, config, ensure_all_pass, ensure_passed, ensure_unavailable, filter, gateway,
    gateway_of, request, server, token, wait_until_passed,
};

fn discovering(server: &KeyServer, workers: u32, (name, value): (&str, u64)) -> Result<Gateway> {
    gateway(server, workers, json!({"path": Value::Null, "discovery": true, name: value}))
}

#[test]
fn discovers_the_key_set_location() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = discovering(&server, 4, ("refresh", 300))?;
    ensure_all_pass(&gateway, &key)?;
    for path in [DISCOVERY_PATH, JWKS_PATH] {
        let fetches = server.requests(path);
        ensure!((1..=2).contains(&fetches), "{fetches} fetches of {path}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn strict_server_sends_the_keys() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let fields = json!({"path": Value::Null, "discovery": true, "timeout": SHORT_TIMEOUT});
    let native = json!({"jwt_auth": config(fields.clone())}).to_string();
    for filter in [filter(fields), WasmFilter::native_gateway(native)] {
        let server = server(&[&key])?;
        server.behave(Behaviour::Strict);
        let gateway = gateway_of(filter, &server, 1)?;
        ensure_passed(&gateway.send(&request(&token(&key, 0)?))?)?;
        chain::ensure_no_trap(&gateway.envoy)?;
    }
    Ok(())
}

#[test]
fn ignores_the_discovery_document_of_another_issuer() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::WrongIssuer);
    let gateway = discovering(&server, 1, ("timeout", SHORT_TIMEOUT))?;
    ensure_unavailable(&gateway.send(&request(&token(&key, 0)?))?)?;
    ensure!(server.requests(DISCOVERY_PATH) >= 1);
    ensure!(
        server.requests(JWKS_PATH) == 0,
        "the document of another issuer caused a fetch of keys"
    );
    server.behave(Behaviour::Serve);
    wait_until_passed(&gateway, &key)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn invalid_discovery_document_keeps_the_current_keys() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    let gateway = discovering(&server, 4, ("refresh", 1))?;
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
