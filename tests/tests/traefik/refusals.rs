//! Configurations that cannot work in Traefik are rejected with a remedy, and their routes return 500.

use std::thread;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request},
    standin::{Answer, EXCHANGE_HEADER},
    traefik::{Plugin, Router},
};
use novasphere_tests::cases::{TokenSpec, invalid::check_in_traefik, mint};
use serde_json::{Value, json};

use crate::Gateway;

#[test]
fn refuses_invalid_jwt_auth_configurations() -> Result<()> {
    check_in_traefik("jwt-auth")
}

#[test]
fn refuses_invalid_header_transform_configurations() -> Result<()> {
    check_in_traefik("header-transform")
}

/// Filter, configuration and expected log text.
type Refused = (&'static str, Value, &'static str);

fn refused_by_jwt_auth() -> Vec<Refused> {
    let credential = json!({"key": "k", "secret": "kept-quiet-kept-quiet-kept-quiet"});
    let with = |name: &str, value: Value| json!({"credentials": [credential.clone()], name: value});
    let jwks = json!([{"issuer": "https://id.example", "uri": "https://id.example/keys"}]);
    let attributes = json!([{"claim": "sub", "attribute": "user"}]);
    vec![
        (
            "jwt-auth",
            with("jwks", jwks),
            "jwks: cannot be used here: a Traefik plugin cannot make requests; write the issuer's \
             keys into credentials, each with its kid: {key: <issuer>, kid: ..., jwk: {...}}",
        ),
        (
            "jwt-auth",
            json!({"jwks": [{"issuer": "https://id.example", "discovery": true}]}),
            "jwks: cannot be used here: a Traefik plugin cannot make requests",
        ),
        (
            "jwt-auth",
            with("claims_to_attributes", attributes),
            "claims_to_attributes: cannot be used here: Traefik has no attributes",
        ),
        (
            "jwt-auth",
            with("rules", json!([{"route": "admin", "scopes": {"all_of": ["admin"]}}])),
            "rules[0].route: cannot be used here: Traefik does not tell a plugin the route; give \
             each router a middleware with its own configuration",
        ),
        (
            "jwt-auth",
            with("required_claims", json!([{"claim": "admin", "equals": true}])),
            "required_claims[0].equals: is ambiguous: it may be text, or a number or \
             boolean that the proxy passed as text; write the whole configuration as JSON text in \
             one field, json",
        ),
        (
            "jwt-auth",
            json!({"credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_NOWHERE"}}]}),
            "credentials[0].secret.env: environment variable NOVASPHERE_NOWHERE not found; set \
             NOVASPHERE_NOWHERE in Traefik's environment and list it in the plugin's settings.envs \
             (static configuration, experimental.localPlugins)",
        ),
        (
            "jwt-auth",
            json!({"credentials": [{"key": "k", "secret": "kept-quiet"}]}),
            "credentials[0].secret: must be at least 32 bytes for HS256",
        ),
        (
            "jwt-auth",
            with("leeway", json!("many")),
            "leeway: expected a whole number of seconds from 0 to 3,600",
        ),
        ("jwt-auth", with("leewy", json!(5)), "did you mean \"leeway\"?"),
        ("jwt-auth", json!({"json": "{", "leeway": 5}), "json: unknown field"),
        ("jwt-auth", json!({"json": "{"}), "configuration: is not JSON"),
    ]
}

/// Its body is too large for the host's buffer.
fn refused_template() -> Refused {
    (
        "jwt-auth",
        json!({
            "credentials": [{"key": "k", "secret": "kept-quiet-kept-quiet-kept-quiet"}],
            "error_format": "template",
            "error_template": format!(r#"{{"m": "$message{}"}}"#, "x".repeat(6_000)),
        }),
        "error_template: the body may have at most 2,048 bytes on this proxy, got 6,028 with the \
         longest $message (19 bytes); shorten the template",
    )
}

fn refused_by_header_transform() -> Vec<Refused> {
    let security = json!({"response": {"security_headers": true}});
    vec![
        (
            "header-transform",
            json!({"response": {"remove": {"headers": ["Server"]}}}),
            "response: cannot be used here: a Traefik plugin cannot change a streamed \
             response; use customResponseHeaders of Traefik's headers middleware",
        ),
        ("header-transform", security, "response: cannot be used here"),
        (
            "header-transform",
            json!({"request": {"add": {"headers": ["x-user:$(claims.sub)"]}}}),
            "set the header in jwt-auth (claims_to_headers)",
        ),
    ]
}

#[test]
fn refuses_unsupported_configurations_with_a_remedy() -> Result<()> {
    let refused =
        [refused_by_jwt_auth(), vec![refused_template()], refused_by_header_transform()].concat();
    let mut routers = vec![Router::new("good", "PathPrefix(`/api`)", chain::plugins()?)];
    for (n, (filter, config, _)) in refused.iter().enumerate() {
        let plugins = vec![Plugin::of_fields(filter, config.clone())];
        routers.push(Router::new(format!("refused-{n}"), format!("Path(`/{n}`)"), plugins));
    }
    let mut gateway = Gateway::with_routers(routers)?;
    let log = gateway.traefik.log()?;
    for (n, (_, config, fault)) in refused.iter().enumerate() {
        let name = format!("refused-{n}");
        let logged = log.iter().filter(|line| line.router.as_ref() == Some(&name));
        let logged: Vec<_> = logged.map(|line| line.text.as_str()).collect();
        ensure!(logged.iter().any(|line| line.contains(fault)), "{config}: {fault}\n{logged:#?}");
        ensure!(!logged.iter().any(|line| line.contains("kept-quiet")), "a secret is in the log");
        let good = chain::good_request()?;
        let status = gateway.send(&Request { target: format!("/{n}").into(), ..good })?.head.status;
        ensure!(status == 500, "{config}: {status}");
    }
    ensure!(gateway.send(&chain::good_request()?)?.head.status == 200);
    gateway.traefik.ensure_no_trap()
}

/// Traefik leaves out a router whose middleware it cannot build. A broader router, here with another
/// configuration, must not get the requests.
#[test]
fn broader_router_does_not_serve_the_paths_of_a_refused_one() -> Result<()> {
    let mut strict: Value = serde_json::from_str(chain::JWT_AUTH)?;
    let claims = json!([{"claim": "admin", "equals": true}]);
    strict.as_object_mut().context("an object")?.insert("required_claims".to_owned(), claims);
    let strict = vec![Plugin::of_fields("jwt-auth", strict)];
    let mut gateway = Gateway::with_routers(vec![
        Router::new("admin", "PathPrefix(`/echo/admin`)", strict),
        Router::for_all("default", chain::plugins()?),
    ])?;
    let addr = gateway.traefik.addr;
    gateway.standin.exchanges.agree("admin-1", Answer::new(200, &[])?);
    let admin = Request { target: b"/echo/admin/x".to_vec(), ..chain::good_request()? }
        .header(EXCHANGE_HEADER, "admin-1");
    // Several at once, so that the pool has several instances.
    thread::scope(|scope| {
        let send = || (0..10).map(|_| client::send(addr, &admin)).collect::<Result<Vec<_>>>();
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        for client in clients {
            for response in client.join().expect("a client panicked")? {
                ensure!(response.head.status == 500 && response.body.is_empty(), "{response:?}");
            }
        }
        Ok(())
    })?;
    let seen = gateway.standin.exchanges.seen("admin-1");
    ensure!(seen.is_empty(), "a request passed: {seen:?}");
    ensure!(gateway.send(&chain::good_request()?)?.head.status == 200);
    let log = gateway.traefik.log()?;
    let count = |text| log.iter().filter(|line| line.text.contains(text)).count();
    ensure!(count("configuration refused: required_claims[0].equals") == 1, "{log:#?}");
    ensure!(count("jwt-auth: every request of this filter is answered with 500") == 1, "{log:#?}");
    ensure!(count("jwt-auth: not configured: an earlier line gives the reason") == 80, "{log:#?}");
    gateway.traefik.ensure_no_trap()
}

/// Once per router, not once per instance.
#[test]
fn logs_a_warning_once_per_router() -> Result<()> {
    let config = json!({"credentials": [{"key": "novasphere-user", "secret": "s".repeat(64)}]});
    let gateway = Gateway::start(vec![Plugin::of_fields("jwt-auth", config)])?;
    let addr = gateway.traefik.addr;
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(move || {
                for _ in 0..20 {
                    let _ = client::send(addr, &Request::get("/api/v1/wukongs"));
                }
            });
        }
    });
    let log = gateway.traefik.log()?;
    let logged = log.iter().filter(|line| line.level == "warn" && line.text.contains("readable"));
    // Two routers have the filter.
    ensure!(logged.count() == 2, "{log:#?}");
    Ok(())
}

#[test]
fn report_only_logs_the_reason() -> Result<()> {
    let config = json!({
        "credentials": [{"key": "k", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "report_only": true,
    });
    let mut gateway = Gateway::start(vec![Plugin::of_fields("jwt-auth", config)])?;
    ensure!(gateway.send(&Request::get("/api/v1/wukongs"))?.head.status == 200);
    let log = gateway.traefik.log()?;
    let logged = "novasphere jwt-auth: jwt_auth_reported=no_token";
    ensure!(log.iter().any(|line| line.level == "info" && line.text == logged), "{log:#?}");
    gateway.traefik.ensure_no_trap()
}

#[test]
fn rejection_is_logged_at_debug_level() -> Result<()> {
    let config = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "audiences": ["api"],
    });
    let mut gateway = Gateway::start(vec![Plugin::of_fields("jwt-auth", config)])?;
    let token: TokenSpec = serde_json::from_value(json!({
        "algorithm": "HS256",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"},
        "claims": {"iss": "novasphere-user", "exp": "now+600", "aud": "web"},
    }))?;
    let token = mint(&token, &chain::environment()?)?;
    let request = Request::get("/api/v1/wukongs");
    ensure!(gateway.send(&request)?.head.status == 401);
    let request = request.header("authorization", format!("Bearer {token}"));
    ensure!(gateway.send(&request)?.head.status == 401);
    let log = gateway.traefik.log()?;
    for logged in [
        "novasphere jwt-auth: rejected: no_token",
        "novasphere jwt-auth: rejected: wrong_audience, jwt_auth_detail=aud is 'web'; expected 'api'",
    ] {
        ensure!(log.iter().any(|line| line.level == "debug" && line.text == logged), "{log:#?}");
    }
    gateway.traefik.ensure_no_trap()
}
