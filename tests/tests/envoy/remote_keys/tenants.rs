//! An issuer with many tenants, whose `iss` is a template.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, envoy::WasmFilter, gateway::Gateway};
use novasphere_tests::{
    key_server::{DISCOVERY_PATH, JWKS_PATH, KeyServer},
    test_key::TestKey,
};
use serde_json::{Value, json};

use super::{gateway_of, provider, request, status};

const TEMPLATE: &str = "https://issuer.test/{tid}/v2.0";

fn multi_tenant(server: &KeyServer, fields: Value) -> Result<Gateway> {
    let mut provider = provider(fields);
    if let Some(provider) = provider.as_object_mut() {
        provider.insert("issuer".to_owned(), TEMPLATE.into());
    }
    let config = json!({"jwks": [provider], "audiences": ["api"], "credential_header": true});
    gateway_of(WasmFilter::new("jwt-auth", config.to_string()), server, 1)
}

fn token(key: &TestKey, tenant: &str, claim: &str) -> Result<String> {
    let iss = format!("https://issuer.test/{tenant}/v2.0");
    key.token(&json!({"iss": iss, "tid": claim, "aud": "api", "exp": "now+600"}))
}

/// The key with a member `issuer`.
fn of_issuer(key: &TestKey, issuer: &str) -> Value {
    let mut member = key.jwk();
    if let Some(member) = member.as_object_mut() {
        member.insert("issuer".to_owned(), issuer.into());
    }
    member
}

#[test]
fn tenant_of_the_token_takes_the_place_in_the_issuer() -> Result<()> {
    let [any, own] = [TestKey::es256("any")?, TestKey::es256("own")?];
    let keys = vec![
        of_issuer(&any, "https://issuer.test/{tenantid}/v2.0"),
        of_issuer(&own, "https://issuer.test/two/v2.0"),
    ];
    let server = KeyServer::start("https://issuer.test", keys)?;
    // The cooldown prevents a fetch for a key of another tenant, so its request does not wait.
    let values =
        json!({"issuer_values": {"tid": ["one", "two"]}, "path": JWKS_PATH, "cooldown": 60});
    let gateway = multi_tenant(&server, values)?;
    let response = gateway.send(&request(&token(&any, "one", "one")?))?;
    ensure!(response.head.status == 200, "{}", response.text());
    let seen = response.json()?;
    let lines = seen.get("headers").and_then(Value::as_array).context("no headers")?;
    let identifier = json!(["x-credential-identifier", "https://issuer.test/one/v2.0"]);
    ensure!(lines.contains(&identifier), "{lines:?}");
    for (key, tenant, claim, expected) in [
        (&any, "two", "two", 200),
        (&any, "two", "one", 401),
        (&any, "three", "three", 401),
        (&own, "two", "two", 200),
        (&own, "one", "one", 401),
    ] {
        let status = status(&gateway, &token(key, tenant, claim)?)?;
        ensure!(status == expected, "{} {tenant} {claim}: {status}", key.kid);
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn discovery_document_may_be_of_the_same_template() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = KeyServer::start("https://issuer.test", vec![key.jwk()])?;
    server.set(|setup| {
        setup.document_issuer = Some("https://issuer.test/{tenantid}/v2.0".to_owned());
    });
    let fields = json!({"any_value": true, "discovery": true, "path": DISCOVERY_PATH});
    let gateway = multi_tenant(&server, fields)?;
    ensure!(status(&gateway, &token(&key, "one", "one")?)? == 200);
    ensure!(server.requests(DISCOVERY_PATH) >= 1);
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn discovery_document_of_one_tenant_is_of_another_issuer() -> Result<()> {
    let server = KeyServer::start("https://issuer.test", vec![TestKey::es256("k1")?.jwk()])?;
    server.set(|setup| setup.document_issuer = Some("https://issuer.test/one/v2.0".to_owned()));
    let fields = json!({"any_value": true, "discovery": true, "path": DISCOVERY_PATH});
    let gateway = multi_tenant(&server, fields)?;
    let message = "the discovery document is of another issuer: 'https://issuer.test/one/v2.0', \
                   expected 'https://issuer.test/{tid}/v2.0'";
    gateway.envoy.wait_for_log_lines(message, 1)?;
    chain::ensure_no_trap(&gateway.envoy)
}
