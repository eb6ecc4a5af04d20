//! Key sets as issuers publish them: keys of one `kid`, keys without `kid`, keys of unusual form.

use anyhow::{Result, ensure};
use novasphere_harness::chain;
use novasphere_tests::{key_server::KeyServer, test_key::TestKey};
use serde_json::{Value, json};

use super::{ISSUER, claims, ensure_passed, gateway, request, status, token, with_kid};

/// A key of a set with changed members. Null removes a member.
fn member(key: &TestKey, changes: Value) -> Value {
    let mut member = key.jwk();
    if let (Some(member), Value::Object(changes)) = (member.as_object_mut(), changes) {
        member.extend(changes);
    }
    member
}

#[test]
fn one_set_has_keys_with_and_without_kid_and_keys_of_one_kid() -> Result<()> {
    let [shared, same, named] = [TestKey::es256("a")?, TestKey::es256("a")?, TestKey::es256("b")?];
    let (other_type, unnamed) = (TestKey::eddsa("a")?, TestKey::eddsa("c")?);
    let keys = vec![
        shared.jwk(),
        same.jwk(),
        shared.jwk(),
        other_type.jwk(),
        named.jwk(),
        member(&unnamed, json!({"kid": null, "use": null, "alg": null})),
    ];
    let server = KeyServer::start(ISSUER, keys)?;
    let gateway = gateway(&server, 2, Value::Null)?;
    for key in [&shared, &same, &other_type, &named] {
        ensure_passed(&gateway.send(&request(&token(key, 0)?))?)?;
    }
    for key in [&unnamed, &named] {
        let without_kid = key.token_with(&json!({"kid": null}), &claims())?;
        ensure_passed(&gateway.send(&request(&without_kid))?)?;
    }
    // The key without kid signs no token with the kid of another key.
    let renamed = unnamed.token_with(&with_kid("a"), &claims())?;
    ensure!(status(&gateway, &renamed)? == 401);
    let forged = TestKey::es256("a")?;
    ensure!(status(&gateway, &token(&forged, 0)?)? == 401);
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn padded_key_is_used_with_a_warning() -> Result<()> {
    let key = TestKey::eddsa("k1")?;
    let x = key.jwk().get("x").and_then(Value::as_str).map(|x| format!("{x}="));
    let server = KeyServer::start(ISSUER, vec![member(&key, json!({"x": x}))])?;
    let gateway = gateway(&server, 1, Value::Null)?;
    ensure_passed(&gateway.send(&request(&token(&key, 0)?))?)?;
    let warning = "jwks[0]: the key 'k1' (keys[0]) is used, although it has padding";
    gateway.envoy.wait_for_log_lines(warning, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn tries_of_keys_without_kid_are_bounded() -> Result<()> {
    let keys = (0..9).map(|_| TestKey::eddsa("x")).collect::<Result<Vec<_>>>()?;
    let unnamed = |key: &TestKey| member(key, json!({"kid": null}));
    let server = KeyServer::start(ISSUER, keys.iter().map(unnamed).collect())?;
    let gateway = gateway(&server, 1, Value::Null)?;
    for (i, key) in keys.iter().enumerate() {
        let expected = if i < 8 { 200 } else { 401 };
        let status = status(&gateway, &token(key, 0)?)?;
        ensure!(status == expected, "keys[{i}]: {status}");
    }
    gateway.envoy.wait_for_log_lines("9 EdDSA keys of the key set have no kid", 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}
