//! Limits before jwt-auth in the gateway count requests that wait for keys.

use anyhow::{Result, ensure};
use novasphere_harness::{chain, envoy::WasmFilter};
use novasphere_tests::{key_server::Behaviour, test_key::TestKey};
use serde_json::{Value, json};

use super::{
    gateway_of, provider, read_response, request, send_all, server, tokens, wait_for_pending,
};

const WAITING: usize = 20;

#[test]
fn waiting_requests_count_once() -> Result<()> {
    let key = TestKey::es256("k1")?;
    let server = server(&[&key])?;
    server.behave(Behaviour::Held);
    let config = json!({
        "order": ["rate_limit", "jwt_auth"],
        "rate_limit": {"year": WAITING + 3, "limit_by": "ip"},
        "jwt_auth": {
            "jwks": [provider(Value::Null)],
            "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}],
        },
    });
    let gateway = gateway_of(WasmFilter::new("gateway", config.to_string()), &server, 2)?;
    let mut early = send_all(&gateway, &tokens(&key, WAITING)?)?;
    wait_for_pending(&gateway, u64::try_from(WAITING)?)?;
    server.behave(Behaviour::Serve);
    let mut remaining = Vec::new();
    for connection in &mut early {
        let response = read_response(connection)?;
        super::ensure_passed(&response)?;
        remaining.push(response.head.first("x-ratelimit-remaining-year"));
    }
    // Each request keeps the count that it got before it waited.
    remaining.sort_unstable();
    let mut expected: Vec<_> = (3..WAITING + 3).map(|left| Some(left.to_string())).collect();
    expected.sort_unstable();
    ensure!(remaining == expected, "{remaining:?}");
    // Invalid tokens count too.
    let refused = key.token(&json!({"iss": super::ISSUER, "exp": "now-60"}))?;
    let tokens = [vec![refused; 3], tokens(&key, 2)?].concat();
    let mut statuses = Vec::new();
    for token in &tokens {
        statuses.push(gateway.send(&request(token))?.head.status);
    }
    ensure!(statuses == [401, 401, 401, 429, 429], "{statuses:?}");
    gateway.envoy.stats_after("rate-limit", u64::try_from(WAITING)? + 5)?;
    let stats = gateway.envoy.stats_after("jwt-auth", u64::try_from(WAITING)? + 3)?;
    for (decision, expected) in [
        ("rate-limit.decision=allowed", WAITING + 3),
        ("rate-limit.decision=limited", 2),
        ("jwt-auth.decision=allowed", WAITING),
        ("jwt-auth.decision=expired", 3),
    ] {
        let name = format!("wasmcustom.novasphere_decisions_total.filter={decision}");
        let count = stats.get(&name).copied();
        ensure!(count == u64::try_from(expected).ok(), "{name}: {count:?}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}
