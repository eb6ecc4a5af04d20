//! The files of host-config/traefik in the real Traefik, with ports replaced, behave as their
//! README says.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{Request, Response},
    paths::repository,
    standin::{Answer, EXCHANGE_HEADER, Standin},
    traefik::{Bucket, Plugin, Router, Traefik},
};
use novasphere_tests::streams::Streams;
use serde_json::Value;

use crate::Gateway;

const PAGE: &str = "https://app.novasphere.io";
const ALLOW: &str = "access-control-allow-origin";

struct Shipped {
    traefik: Traefik,
    standin: Standin,
}

impl Shipped {
    fn start() -> Result<Self> {
        let standin = Standin::start()?;
        let traefik = Traefik::start_shipped(standin.addr, &chain::environment()?)?;
        Ok(Self { traefik, standin })
    }

    fn send(&self, request: &Request) -> Result<Response> {
        self.traefik.send(request)
    }

    /// Sends a request to which the upstream responds with the headers.
    fn send_for(&self, request: Request, headers: &[(&str, &str)]) -> Result<Response> {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let response = Answer::new(200, &headers.collect::<Vec<_>>())?;
        self.standin.exchanges.agree("shipped", response);
        self.send(&request.header(EXCHANGE_HEADER, "shipped"))
    }
}

/// Strict-Transport-Security is absent, because these requests come without TLS.
fn ensure_security_headers(response: &Response) -> Result<()> {
    for (name, values) in [
        ("x-content-type-options", &["nosniff"][..]),
        ("x-frame-options", &["DENY"]),
        ("referrer-policy", &["strict-origin-when-cross-origin"]),
        ("strict-transport-security", &[]),
    ] {
        ensure!(response.head.all(name) == values, "{name}: {response:?}");
    }
    Ok(())
}

fn preflight(origin: &str) -> Request {
    Request::new("OPTIONS", "/api/v1/wukongs")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization")
}

#[test]
fn only_the_filters_set_identity_headers() -> Result<()> {
    let mut shipped = Shipped::start()?;
    let forge = |request: Request| {
        ["X-User-Id", "X-Consumer-Username", "x_user_id", "X.Consumer.Username"]
            .into_iter()
            .fold(request, |request, name| request.header(name, "root"))
    };
    let health = shipped.send(&forge(Request::get("/api/v1/healthz")))?;
    ensure!(health.head.status == 200 && !health.text().contains("root"), "{}", health.text());
    ensure!(health.text().contains(r#"["x-forwarded-by","novasphere"]"#), "{}", health.text());
    let response =
        shipped.send(&forge(chain::good_request()?).header("x-client-type", "electron"))?;
    let text = response.text();
    ensure!(response.head.status == 200 && !text.contains("root"), "{text}");
    for line in [
        r#"["x-user-id","alice"]"#,
        r#"["x-client-type","electron"]"#,
        r#"["x-forwarded-by","novasphere"]"#,
    ] {
        ensure!(text.contains(line), "{line}: {text}");
    }
    shipped.traefik.ensure_no_trap()
}

#[test]
fn health_check_path_does_not_bypass_authentication() -> Result<()> {
    let shipped = Shipped::start()?;
    for target in [
        "/api/v1/healthz/../wukongs",
        "/api/v1/healthz/%2e%2e/wukongs",
        "/api/v1/healthz/..%2fwukongs",
        "/api/v1/healthz%2f..%2fwukongs",
        "/api/v1/healthz/..;/wukongs",
        "/api/v1/healthz/",
        "/api/v1/healthzXYZ",
        "/api/v1//healthz/../wukongs",
        "//api/v1/wukongs",
        "/api/v1/wukongs/%2e%2e/wukongs",
        "/api/v1/wukongs?/api/v1/healthz",
        "http://api.novasphere.io/api/v1/wukongs",
    ] {
        let status = shipped.send(&Request::get(target))?.head.status;
        ensure!([301, 400, 401, 404].contains(&status), "{target}: {status}");
    }
    // The upstream also treats this target as the health check.
    let response = shipped.send(&Request::get("/api/v1/wukongs%3f/../healthz"))?;
    ensure!(
        response.json()?.get("path").is_some_and(|path| path == "/api/v1/healthz"),
        "{response:?}"
    );
    let other_host = chain::good_request()?.header("host", "evil.example");
    ensure!(shipped.send(&other_host)?.head.status == 404);
    Ok(())
}

#[test]
fn preflights_allow_configured_origins_only() -> Result<()> {
    let shipped = Shipped::start()?;
    for origin in [PAGE, "https://a.b.novasphere.io"] {
        let response = shipped.send(&preflight(origin))?;
        ensure!(response.head.status == 200, "{response:?}");
        for (name, value) in [
            (ALLOW, origin),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "Authorization,Content-Type,X-Client-Type"),
            ("access-control-allow-methods", "GET,POST,PUT,DELETE,OPTIONS"),
            ("access-control-max-age", "3600"),
        ] {
            ensure!(response.head.all(name) == [value], "{origin}: {name}: {response:?}");
        }
    }
    for origin in [
        "https://novasphere.io",
        "http://app.novasphere.io",
        "https://app.novasphere.io.evil.example",
        "https://evilnovasphere.io",
        "null",
    ] {
        let response = shipped.send(&preflight(origin))?;
        ensure!(response.head.first(ALLOW).is_none(), "{origin}: {response:?}");
    }
    let request = Request::get("/api/v1/wukongs").header("origin", PAGE);
    let refused = shipped.send(&request)?;
    ensure!(refused.head.status == 401 && refused.head.all(ALLOW) == [PAGE], "{refused:?}");
    ensure!(refused.head.all("vary") == ["Origin"], "{refused:?}");
    ensure_security_headers(&refused)
}

#[test]
fn upstream_cors_headers_are_replaced() -> Result<()> {
    let shipped = Shipped::start()?;
    let upstream_headers = [(ALLOW, "*"), ("vary", "Accept"), ("x-powered-by", "somebody")];
    for (origin, expected) in
        [(Some(PAGE), vec![PAGE]), (Some("https://evil.example"), vec![]), (None, vec![])]
    {
        let request = chain::good_request()?;
        let request = origin.into_iter().fold(request, |r, origin| r.header("origin", origin));
        let response = shipped.send_for(request, &upstream_headers)?;
        ensure!(response.head.all(ALLOW) == expected, "{origin:?}: {response:?}");
        ensure!(response.head.all("vary").join(",").contains("Origin"), "{origin:?}: {response:?}");
        ensure!(response.head.first("x-powered-by").is_none(), "{response:?}");
    }
    Ok(())
}

#[test]
fn rate_limit_passes_about_a_hundred_requests() -> Result<()> {
    let shipped = Shipped::start()?;
    let request = chain::good_request()?;
    let mut bucket = Bucket::full();
    let refused =
        bucket.first_rejection(|_| shipped.send(&request.clone().header("origin", PAGE)))?;
    ensure!(bucket.passed() >= 100, "only {} passed", bucket.passed());
    ensure!(refused.head.status == 429 && refused.head.all(ALLOW) == [PAGE], "{refused:?}");
    refused.head.first("retry-after").context("no Retry-After")?.parse::<u32>()?;
    ensure_security_headers(&refused)?;
    let health = shipped.send(&Request::get("/api/v1/healthz"))?;
    ensure!(health.head.status == 200, "{health:?}");
    ensure_security_headers(&health)?;
    // A forged address header does not make another client.
    let forged = |n| {
        let address = format!("192.0.2.{}", n % 250);
        let request = request.clone().header("x-forwarded-for", &address);
        shipped.send(&request.header("x-real-ip", &address))
    };
    let refused = bucket.first_rejection(forged).context("are forged addresses trusted?")?;
    ensure!(refused.head.status == 429, "{refused:?}");
    Ok(())
}

#[test]
fn streams_pass_the_shipped_configuration() -> Result<()> {
    let mut shipped = Shipped::start()?;
    Streams { addr: shipped.traefik.addr }.check_web()?;
    shipped.traefik.ensure_no_trap()
}

#[test]
fn readme_configurations_are_accepted() -> Result<()> {
    let path = repository().join("host-config/traefik/README.md");
    let text = fs::read_to_string(&path)?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut routers = Vec::new();
    for (n, block) in blocks.enumerate() {
        let yaml: Value = serde_yaml_ng::from_str(block).with_context(|| block.to_owned())?;
        let plugin = yaml.pointer("/http/middlewares/jwt-auth/plugin/novasphere-jwt-auth");
        let plugin = Plugin::of_fields("jwt-auth", plugin.context("no plugin")?.clone());
        routers.push(Router::new(format!("block-{n}"), format!("Path(`/{n}`)"), vec![plugin]));
    }
    let count = routers.len();
    ensure!(count == 2, "{count} blocks");
    let gateway = Gateway::with_routers(routers)?;
    for n in 0..count {
        let response = gateway.send(&Request::get(format!("/{n}")))?;
        ensure!(response.head.status == 401, "block {n}: {:#?}", gateway.traefik.log()?);
    }
    Ok(())
}

#[test]
fn tokens_are_not_logged() -> Result<()> {
    let shipped = Shipped::start()?;
    let good = chain::good_token()?;
    let bad = format!("{good}-and-not-good");
    for token in [&good, &bad] {
        for target in ["/api/v1/wukongs?token=", "/api/v1/wukongs?page=2&token="] {
            shipped.send(&Request::get(format!("{target}{token}")))?;
        }
        let header = format!("Bearer {token}");
        shipped.send(&Request::get("/api/v1/wukongs").header("authorization", header))?;
    }
    novasphere_harness::wait::until("the access log", || {
        let lines = shipped.traefik.raw_log()?;
        Ok((lines.matches("\"DownstreamStatus\"").count() >= 6).then_some(()))
    })?;
    let log = shipped.traefik.raw_log()?;
    let signature = good.rsplit('.').next().context("no signature")?;
    ensure!(!log.contains(signature), "a token is in the log:\n{log}");
    ensure!(log.contains("\"request_X-User-Id\":\"alice\""), "{log}");
    Ok(())
}
