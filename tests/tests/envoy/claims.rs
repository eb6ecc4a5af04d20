//! Claims that later filters use, in the gateway and outside.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain, client::Request, envoy::WasmFilter, gateway::Gateway, wait::until,
};
use serde_json::json;

use crate::bearer::bearer;

/// jwt-auth passes the claims that later filters use on to them. The access log does not have them.
#[test]
fn gateway_passes_claims_to_its_other_filters() -> Result<()> {
    let config = json!({
        "jwt_auth": {
            "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        },
        "rate_limit": {
            "year": 3, "limit_by": "claim", "claim_name": "sub",
            "rules": [{"name": "gold", "year": 5,
                "claim": {"name": "realm_access.tier", "one_of": ["gold"]}}],
        },
        "header_transform": {"response": {"add": {"headers": ["X-User:$(claims.sub)"]}}},
    });
    let filter = WasmFilter::new("gateway", config.to_string());
    let gateway = Gateway::configured(vec![filter], |mut config| {
        for listener in &mut config.listeners {
            listener.access_log = Some("line sub=%FILTER_STATE(wasm.sub:PLAIN)%".to_owned());
        }
        config
    })?;
    let users = ["a", "b", "c", "d", "e"];
    let tokens = users.map(|user| bearer(json!({"sub": user})));
    let tokens = tokens.into_iter().collect::<Result<Vec<_>>>()?;
    for expected in [200, 200, 200, 429] {
        for (user, token) in users.iter().zip(&tokens) {
            let request = Request::get("/api/v1/wukongs").header("authorization", token);
            let head = gateway.send(&request.header("sub", "x"))?.head;
            ensure!(head.status == expected, "{user}: {head:?}");
            ensure!(expected != 200 || head.all("x-user") == [*user], "{user}: {head:?}");
        }
    }
    let gold = bearer(json!({"sub": "a", "realm_access": {"tier": "gold"}}))?;
    for expected in [200, 200, 200, 200, 200, 429] {
        let request = Request::get("/api/v1/wukongs").header("authorization", &gold);
        ensure!(gateway.send(&request)?.head.status == expected);
    }
    until("the access log", || {
        let log = gateway.envoy.log()?;
        Ok((log.lines().filter(|line| *line == "line sub=-").count() == 26).then_some(()))
    })?;
    chain::ensure_no_trap(&gateway.envoy)
}

/// A single filter says which attribute it needs. A gateway with jwt-auth needs none.
#[test]
fn filter_without_jwt_auth_warns_about_the_attributes_it_needs() -> Result<()> {
    let limit = json!({"year": 9, "limit_by": "claim", "claim_name": "sub"});
    let transform = json!({"request": {"add": {"headers": ["x-org:$(claims.org | none)"]}}});
    let jwt_auth = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "optional": true,
    });
    let warning = "which jwt-auth must set before this filter";
    let single = [("rate-limit", &limit), ("header-transform", &transform)];
    let single = single.map(|(name, config)| WasmFilter::new(name, config.to_string()));
    let chain = json!({
        "jwt_auth": jwt_auth, "rate_limit": &limit, "header_transform": &transform,
    });
    let chain = [WasmFilter::new("gateway", chain.to_string())];
    for (filters, expected) in [
        (
            &single[..],
            &["claim_name: uses the attribute \"sub\"", "uses the attribute \"org\""][..],
        ),
        (&chain[..], &[][..]),
    ] {
        let gateway = Gateway::start(filters.to_vec())?;
        ensure!(gateway.send(&Request::get("/api/v1/wukongs"))?.head.status == 200);
        let log = gateway.envoy.log()?;
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(warning)).collect();
        ensure!(lines.len() == expected.len(), "{lines:?}");
        for text in expected {
            ensure!(lines.iter().any(|line| line.contains(text)), "{text}: {lines:?}");
        }
    }
    Ok(())
}
