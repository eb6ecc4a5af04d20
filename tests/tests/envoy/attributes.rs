//! Claims in Envoy's access log, as filter state.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain, client::Request, envoy::WasmFilter, gateway::Gateway, wait::until,
};
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::json;

const FORMAT: &str = "line %PATH(NQ)% user=%FILTER_STATE(wasm.user:PLAIN)% \
                      roles=%FILTER_STATE(wasm.roles:PLAIN)% \
                      reported=%FILTER_STATE(wasm.jwt_auth_reported:PLAIN)% \
                      detail=%FILTER_STATE(wasm.jwt_auth_detail:PLAIN)%";

#[test]
fn access_log_shows_claims_and_reported_refusals() -> Result<()> {
    let config = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "report_only": true,
        "claims_to_attributes": [
            {"claim": "sub", "attribute": "user"},
            {"claim": "realm_access.roles", "attribute": "roles"},
        ],
    });
    let filter = WasmFilter::new("jwt-auth", config.to_string());
    let gateway = Gateway::configured(vec![filter], |mut config| {
        for listener in &mut config.listeners {
            listener.access_log = Some(FORMAT.to_owned());
        }
        config
    })?;
    let token: TokenSpec = serde_json::from_value(json!({
        "algorithm": "HS256",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"},
        "claims": {
            "iss": "novasphere-user", "exp": "now+600", "sub": "Jürgen",
            "realm_access": {"roles": ["a", "b"]},
        },
    }))?;
    let good = format!("Bearer {}", mint(&token, &chain::environment()?)?);
    for (path, authorization) in [("good", &*good), ("bad", "Bearer x")] {
        let request =
            Request::get(format!("/api/v1/wukongs/{path}")).header("authorization", authorization);
        let status = gateway.send(&request)?.head.status;
        ensure!(status == 200, "{path}: status {status}");
    }
    for line in [
        "line /api/v1/wukongs/good user=J%C3%BCrgen roles=a,b reported=- detail=-",
        "line /api/v1/wukongs/bad user=- roles=- reported=malformed_token detail=-",
    ] {
        until(line, || Ok(gateway.envoy.log()?.lines().any(|l| l == line).then_some(())))?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn access_log_says_why_a_token_is_rejected() -> Result<()> {
    let config = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "audiences": ["api"],
    });
    let filter = WasmFilter::new("jwt-auth", config.to_string());
    let gateway = Gateway::configured(vec![filter], |mut config| {
        for listener in &mut config.listeners {
            listener.access_log = Some(
                "line %RESPONSE_CODE_DETAILS% %FILTER_STATE(wasm.jwt_auth_detail:PLAIN)%".into(),
            );
        }
        config
    })?;
    let token: TokenSpec = serde_json::from_value(json!({
        "algorithm": "HS256",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"},
        "claims": {"iss": "novasphere-user", "exp": "now+600", "aud": "\r\nweb\""},
    }))?;
    let bearer = format!("Bearer {}", mint(&token, &chain::environment()?)?);
    let request = Request::get("/api/v1/wukongs").header("authorization", bearer);
    ensure!(gateway.send(&request)?.head.status == 401);
    let line = "line novasphere_jwt-auth:wrong_audience aud is '%0D%0Aweb%22'; expected 'api'";
    until(line, || Ok(gateway.envoy.log()?.lines().any(|l| l == line).then_some(())))?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn access_log_says_which_limit_rejects_a_request() -> Result<()> {
    let config = json!({
        "year": 9,
        "rules": [{"name": "login", "path": "/api/v1/wukongs", "year": 1, "limit_by": "constant"}],
    });
    let filter = WasmFilter::new("rate-limit", config.to_string());
    let gateway = Gateway::configured(vec![filter], |mut config| {
        for listener in &mut config.listeners {
            listener.access_log =
                Some("line %RESPONSE_CODE% %FILTER_STATE(wasm.rate_limit_detail:PLAIN)%".into());
        }
        config
    })?;
    for status in [200, 429] {
        ensure!(gateway.send(&Request::get("/api/v1/wukongs"))?.head.status == status);
    }
    let pattern = "line 429 rule=login window=year limit=1 reset=[0-9]+ limit_by=constant client=[0-9a-f]{16}";
    let pattern = regex_lite::Regex::new(&format!("^{pattern}$"))?;
    until("the detail", || {
        let log = gateway.envoy.log()?;
        let passed = log.lines().any(|line| line == "line 200 -");
        Ok((passed && log.lines().any(|line| pattern.is_match(line))).then_some(()))
    })?;
    chain::ensure_no_trap(&gateway.envoy)
}
