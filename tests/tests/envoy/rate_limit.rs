//! rate-limit with other filters in one Envoy.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Request, Response},
    envoy::WasmFilter,
    gateway::Gateway,
};
use serde_json::{Value, json};

use crate::bearer::bearer;

#[test]
fn limits_by_claim_ignore_client_headers() -> Result<()> {
    let jwt_auth = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "optional": true,
        "claims_to_attributes": [
            {"claim": "org", "attribute": "org"},
            {"claim": "realm_access.tier", "attribute": "tier"},
        ],
    });
    let rate_limit = json!({
        "year": 1, "limit_by": "claim", "claim_name": "org",
        "rules": [{"name": "gold", "claim": {"name": "tier", "one_of": ["gold"]}, "year": 3}],
    });
    let gateway = Gateway::start(vec![
        WasmFilter::new("jwt-auth", jwt_auth.to_string()),
        WasmFilter::new("rate-limit", rate_limit.to_string()),
    ])?;
    let send = |claims: Value| -> Result<u16> {
        let request = Request::get("/api/v1/wukongs")
            .header("authorization", bearer(claims)?)
            .header("tier", "gold")
            .header("wasm.tier", "gold")
            .header("org", "another");
        Ok(gateway.send(&request)?.head.status)
    };
    ensure!(send(json!({"org": "a"}))? == 200);
    ensure!(send(json!({"org": "a", "sub": "somebody else"}))? == 429);
    ensure!(send(json!({"org": "b"}))? == 200);
    let gold = json!({"org": "a", "realm_access": {"tier": "gold"}});
    for _ in 0..3 {
        ensure!(send(gold.clone())? == 200);
    }
    ensure!(send(gold)? == 429);
    // Without a claim the limit is by address, and client headers are ignored.
    let anonymous = |org: &str| -> Result<u16> {
        let request = Request::get("/api/v1/wukongs").header("org", org).header("tier", "gold");
        Ok(gateway.send(&request)?.head.status)
    };
    ensure!(anonymous("x")? == 200 && anonymous("y")? == 429);
    for (rule, decision, times) in
        [("gold", "allowed", 3), ("gold", "limited", 1), ("default", "limited", 2)]
    {
        let name = format!(
            "wasmcustom.novasphere_rule_decisions_total.filter=rate-limit.rule={rule}.decision={decision}"
        );
        gateway.envoy.wait_for_stat(&name, |n| n == times)?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

/// With two limiters on one route, the response shows the tighter one, in either order.
#[test]
fn response_shows_the_tighter_of_two_limiters() -> Result<()> {
    let tight = json!({"year": 2, "limit_by": "constant", "name": "tight"});
    let loose = json!({"year": 9, "limit_by": "ip", "name": "loose"});
    for order in [[&tight, &loose], [&loose, &tight]] {
        let limiters = order.map(|config| WasmFilter::new("rate-limit", config.to_string()));
        let gateway = Gateway::start(limiters.to_vec())?;
        let send = || gateway.send(&Request::get("/api/v1/wukongs"));
        let limits = |response: &Response| {
            ["ratelimit-limit", "ratelimit-remaining", "x-ratelimit-remaining-year"]
                .map(|name| response.head.all(name).join("|"))
        };
        ensure!(limits(&send()?) == ["2", "1", "1"], "{order:?}");
        send()?;
        let refused = send()?;
        ensure!(refused.head.status == 429, "{refused:?}");
        ensure!(limits(&refused) == ["2", "0", "0"], "{order:?}: {refused:?}");
        ensure!(refused.head.all("retry-after").len() == 1, "{refused:?}");
    }
    Ok(())
}

/// The fields of the IETF draft list both limiters.
#[test]
fn ietf_headers_list_both_limiters() -> Result<()> {
    let limiter = |name: &str, hour: u32| {
        let config = json!({"hour": hour, "limit_by": "ip", "name": name, "headers": "ietf"});
        WasmFilter::new("rate-limit", config.to_string())
    };
    let gateway = Gateway::start(vec![limiter("outer", 5), limiter("inner", 7)])?;
    let response = gateway.send(&Request::get("/api/v1/wukongs"))?;
    let policies = response.head.all("ratelimit-policy").join(", ");
    ensure!(policies.contains(r#""outer-hour";q=5;w=3600"#), "{policies}");
    ensure!(policies.contains(r#""inner-hour";q=7;w=3600"#), "{policies}");
    let limits = response.head.all("ratelimit").join(", ");
    ensure!(limits.contains(r#""outer-hour";r=4"#), "{limits}");
    ensure!(limits.contains(r#""inner-hour";r=6"#), "{limits}");
    Ok(())
}

/// Envoy gives both filters one root context if their configurations are equal, and two otherwise.
#[test]
fn limiter_that_counts_a_request_twice_is_logged_once() -> Result<()> {
    let text = "a request counts twice";
    let limiter = |code: u16, name: &str| {
        let config = json!({"year": 50, "error_code": code, "name": name});
        WasmFilter::new("rate-limit", config.to_string())
    };
    for (other, repeats) in [(limiter(429, "a"), 1), (limiter(503, "a"), 1), (limiter(429, "b"), 0)]
    {
        let gateway = Gateway::start(vec![limiter(429, "a"), other])?;
        for _ in 0..10 {
            gateway.send(&Request::get("/api/v1/wukongs"))?;
        }
        gateway.envoy.wait_for_log_lines(text, repeats)?;
        let logged = gateway.envoy.log()?.matches(text).count();
        ensure!(logged == repeats, "{logged} of {repeats}");
        chain::ensure_no_trap(&gateway.envoy)?;
    }
    Ok(())
}

/// The settings that the shipped files describe for a load balancer in front: its entry counts, and
/// entries that the client wrote before it do not.
#[test]
fn address_appended_by_the_load_balancer_counts() -> Result<()> {
    let forwarded = json!({"from": "forwarded_for", "trusted_hops": 2});
    // Envoy appends its peer to the list; for a loopback peer it appends an address of its machine.
    let trusted = json!({"from": "forwarded_for", "trusted_cidrs": ["0.0.0.0/0"]});
    for (hops, client_ip) in [(1, json!({})), (0, forwarded), (0, trusted)] {
        let config = json!({"year": 1, "client_ip": client_ip});
        let filter = WasmFilter::new("rate-limit", config.to_string());
        let gateway = Gateway::configured(vec![filter], |mut config| {
            for listener in &mut config.listeners {
                listener.trusted_hops = hops;
            }
            config
        })?;
        let status = |forwarded_for: &str| -> Result<u16> {
            let request = Request::get("/api/v1/wukongs").header("x-forwarded-for", forwarded_for);
            Ok(gateway.send(&request)?.head.status)
        };
        let seen = [
            status("6.6.6.1, 2001:db8:1::1")?,
            status("6.6.6.2, 2001:db8:1::1")?,
            status("2001:db8:1::1, 2001:db8:2::1")?,
        ];
        ensure!(seen == [200, 429, 200], "{hops} {config}: {seen:?}");
    }
    Ok(())
}

/// Envoy's full header list has the host under another name than the lookup of one header.
#[test]
fn limits_by_host_are_the_same_alone_and_in_the_gateway() -> Result<()> {
    let limit = json!({
        "year": 1, "limit_by": "header", "header_name": "Host",
        "rules": [{"name": "b", "header": {"name": "host", "one_of": ["b.example"]}, "year": 2}],
    });
    let chain = json!({"cors": {"origins": ["https://a.example"]}, "rate_limit": &limit});
    for (filter, config) in [("rate-limit", &limit), ("gateway", &chain)] {
        let gateway = Gateway::start(vec![WasmFilter::new(filter, config.to_string())])?;
        let request = Request::get("/api/v1/wukongs");
        let statuses = ["a.example", "a.example", "b.example", "b.example", "b.example"]
            .map(|host| Ok(gateway.send(&request.clone().header("host", host))?.head.status));
        let statuses: Vec<u16> = statuses.into_iter().collect::<Result<_>>()?;
        ensure!(statuses == [200, 429, 200, 200, 429], "{filter}: {statuses:?}");
    }
    Ok(())
}
