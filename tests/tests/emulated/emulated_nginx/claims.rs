//! Claims that later filters use.

use anyhow::{Result, ensure};
use novasphere_emulated_host::Plugin;
use novasphere_harness::{chain, client::Request};
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::json;

use super::naive::{ensure_sound, upstream_lines, worker};

/// Kong does not pass attributes between filters. In the gateway, claims need none.
#[test]
fn claims_reach_later_filters_in_the_gateway() -> Result<()> {
    let jwt_auth = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
    });
    let limit = json!({"year": 2, "limit_by": "claim", "claim_name": "sub"});
    let transform = json!({"request": {"add": {"headers": ["x-user:$(claims.sub)"]}}});
    let chain = json!({
        "jwt_auth": jwt_auth, "rate_limit": &limit, "header_transform": &transform,
    });
    let mut ours = worker(&[Plugin::wasm("gateway", chain.to_string())])?;
    let users = ["a", "b", "c", "d", "e"];
    for expected in [200, 200, 429] {
        for user in users {
            let token: TokenSpec = serde_json::from_value(json!({
                "algorithm": "HS256",
                "secret": {"env": "NOVASPHERE_JWT_SECRET"},
                "claims": {"iss": "novasphere-user", "sub": user, "exp": "now+600"},
            }))?;
            let token = format!("Bearer {}", mint(&token, &chain::environment()?)?);
            let answer = ours.send(&Request::get("/").header("authorization", token))?;
            ensure!(answer.status == expected, "{user}: {answer:?}");
            if expected == 200 {
                ensure!(upstream_lines(&answer, "x-user") == [user], "{user}: {answer:?}");
            }
        }
    }
    ensure_sound(&ours)?;
    for (filter, config) in [("rate-limit", limit), ("header-transform", transform)] {
        let mut alone = worker(&[Plugin::wasm(filter, config.to_string())])?;
        ensure!(alone.send(&Request::get("/"))?.status == 500);
        let remedy = "se the gateway with jwt_auth";
        ensure!(alone.log().iter().any(|(_, line)| line.contains(remedy)), "{:?}", alone.log());
    }
    Ok(())
}
