//! Refusals of the chain: pages can read them, and gRPC clients understand them.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain::{self, CORS, JWT_AUTH},
    client::{Call, Request, Response},
    gateway::Gateway,
};

const PAGE: &str = "https://app.novasphere.io";

/// A chain whose limit allows one request.
fn one_request_gateway() -> Result<Gateway> {
    let limit = r#"{"hour": 1}"#;
    Gateway::start(chain::of(&[("cors", CORS), ("jwt-auth", JWT_AUTH), ("rate-limit", limit)]))
}

fn token() -> Result<String> {
    Ok(format!("Bearer {}", chain::good_token()?))
}

fn ensure_readable(response: &Response, status: u16) -> Result<()> {
    ensure!(response.head.status == status, "{status}: {response:?}");
    for (name, value) in [
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "X-Auth-Token"),
        ("vary", "Origin"),
    ] {
        ensure!(response.head.all(name) == [value], "{status}: {name}: {response:?}");
    }
    let fields = response.head.headers.iter().filter(|(n, _)| n.starts_with("access-control-"));
    ensure!(fields.count() == 3, "{status}: {response:?}");
    Ok(())
}

/// Local responses of later filters vary by Origin too, so that no cache serves one page's response
/// to another page.
#[test]
fn refusals_are_readable_and_vary_by_origin() -> Result<()> {
    let jwt = r#"{"credentials": [{"key": "novasphere-user",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"}}], "scopes": {"all_of": ["admin"]}}"#;
    let gateway = Gateway::start(chain::of(&[("cors", CORS), ("jwt-auth", jwt)]))?;
    let token = token()?;
    let request = || Request::get("/api/v1/wukongs").header("authorization", &token);
    ensure_readable(&gateway.send(&request().header("origin", PAGE))?, 403)?;
    for origin in [Some("https://evil.example"), None] {
        let request = origin.into_iter().fold(request(), |r, origin| r.header("origin", origin));
        let response = gateway.send(&request)?;
        ensure!(
            response.head.status == 403 && response.head.all("vary") == ["Origin"],
            "{response:?}"
        );
        let has_cors_headers =
            response.head.headers.iter().any(|(n, _)| n.starts_with("access-control-"));
        ensure!(!has_cors_headers, "{response:?}");
    }
    Ok(())
}

#[test]
fn page_can_read_401_and_429() -> Result<()> {
    let gateway = one_request_gateway()?;
    let request = || Request::get("/api/v1/wukongs").header("origin", PAGE);
    ensure_readable(&gateway.send(&request())?, 401)?;
    ensure_readable(&gateway.send(&request().header("authorization", token()?))?, 200)?;
    let limited = gateway.send(&request().header("authorization", token()?))?;
    ensure_readable(&limited, 429)?;
    ensure!(limited.head.first("retry-after").is_some(), "{limited:?}");
    let disallowed = Request::get("/api/v1/wukongs").header("origin", "https://evil.example");
    let response = gateway.send(&disallowed)?;
    ensure!(response.head.first("access-control-allow-origin").is_none(), "{response:?}");
    Ok(())
}

#[test]
fn grpc_clients_get_grpc_statuses() -> Result<()> {
    let gateway = one_request_gateway()?;
    let call = |headers: &[(&str, &str)]| -> Result<String> {
        let mut call = Call::open(gateway.addr, "/novasphere.v1.Wukongs/Get", headers)?;
        let _ = call.send(b"hello"); // fails if the refusal is faster
        let _ = call.half_close();
        while let Ok(Some(_)) = call.receive() {}
        Ok(call.outcome().context("no outcome")?.status)
    };
    let authorization = token()?;
    let headers = [("authorization", authorization.as_str())];
    ensure!(call(&[])? == "16", "UNAUTHENTICATED without a token");
    ensure!(call(&headers)? == "0", "OK with a token");
    ensure!(call(&headers)? == "8", "RESOURCE_EXHAUSTED over the limit");
    Ok(())
}

#[test]
fn forged_address_headers_are_ignored() -> Result<()> {
    let gateway = one_request_gateway()?;
    let request = |claimed: &str| -> Result<u16> {
        let request = Request::get("/api/v1/wukongs")
            .header("authorization", token()?)
            .header("x-forwarded-for", claimed)
            .header("x-real-ip", claimed);
        Ok(gateway.send(&request)?.head.status)
    };
    ensure!(request("192.0.2.1")? == 200);
    ensure!(request("192.0.2.2")? == 429, "X-Forwarded-For is trusted");
    Ok(())
}
