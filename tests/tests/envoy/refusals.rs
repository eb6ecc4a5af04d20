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
    let limit = r#"{"year": 1}"#;
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

/// With separate filters, a header-transform in front of the filter that refuses adds its headers,
/// and one behind does not.
#[test]
fn header_transform_in_front_changes_refusals() -> Result<()> {
    let first = r#"{"response": {"security_headers": true}}"#;
    let last = r#"{"response": {"append": {"headers": ["x-last:1"]}}}"#;
    let gateway = Gateway::start(chain::of(&[
        ("header-transform", first),
        ("cors", CORS),
        ("jwt-auth", JWT_AUTH),
        ("header-transform", last),
    ]))?;
    let request = || Request::get("/api/v1/wukongs").header("origin", PAGE);
    let refused = gateway.send(&request())?;
    ensure_readable(&refused, 401)?;
    ensure!(refused.head.all("x-content-type-options") == ["nosniff"], "{refused:?}");
    ensure!(refused.head.first("x-last").is_none(), "{refused:?}");
    let passed = gateway.send(&request().header("authorization", token()?))?;
    ensure!(passed.head.all("x-content-type-options") == ["nosniff"], "{passed:?}");
    ensure!(passed.head.first("x-last").is_some(), "{passed:?}");
    Ok(())
}

#[test]
fn header_transform_in_the_gateway_keeps_the_form_of_grpc_refusals() -> Result<()> {
    let config = format!(
        r#"{{"jwt_auth": {JWT_AUTH},
            "header_transform": {{"response": {{"security_headers": true}}}}}}"#
    );
    let gateway = Gateway::start(chain::of(&[("gateway", &config)]))?;
    let call = Request::new("POST", "/novasphere.v1.Wukongs/Get");
    let refused = gateway.send(&call.header("content-type", "application/grpc"))?;
    ensure!(refused.head.status == 200, "{refused:?}");
    ensure!(refused.head.all("grpc-status") == ["16"], "{refused:?}");
    ensure!(refused.head.all("content-type") == ["application/grpc"], "{refused:?}");
    ensure!(refused.head.all("x-content-type-options") == ["nosniff"], "{refused:?}");
    Ok(())
}

#[test]
fn grpc_clients_get_grpc_statuses() -> Result<()> {
    let gateway = one_request_gateway()?;
    let call = |headers: &[(&str, &str)]| -> Result<(String, String)> {
        let mut call = Call::open(gateway.addr, "/novasphere.v1.Wukongs/Get", headers)?;
        let _ = call.send(b"hello"); // fails if the refusal is faster
        let _ = call.half_close();
        while let Ok(Some(_)) = call.receive() {}
        let outcome = call.outcome().context("no outcome")?;
        Ok((outcome.status, outcome.message))
    };
    let is = |outcome: (String, String), status: &str, message: &str| {
        outcome == (status.to_owned(), message.to_owned())
    };
    let authorization = token()?;
    let headers = [("authorization", authorization.as_str())];
    ensure!(is(call(&[])?, "16", "Unauthorized"), "UNAUTHENTICATED without a token");
    ensure!(is(call(&headers)?, "0", ""), "OK with a token");
    let limited = call(&headers)?;
    ensure!(is(limited.clone(), "8", "API rate limit exceeded"), "over the limit: {limited:?}");
    Ok(())
}

/// Envoy itself knows no gRPC-Web in local responses.
#[test]
fn grpc_web_clients_get_grpc_statuses() -> Result<()> {
    let gateway = one_request_gateway()?;
    let authorization = token()?;
    let call = |content_type: &str, authorization: Option<&str>| {
        let request = Request::new("POST", "/novasphere.v1.Wukongs/Get")
            .header("content-type", content_type)
            .header("origin", PAGE)
            .body(b"\0\0\0\0\0");
        gateway.send(&authorization.into_iter().fold(request, |r, a| r.header("authorization", a)))
    };
    let ensure_outcome = |response: &Response, content_type: &str, body: &[u8]| -> Result<()> {
        ensure!(response.head.status == 200 && response.body == body, "{response:?}");
        ensure!(response.head.all("content-type") == [content_type], "{response:?}");
        ensure!(response.head.all("access-control-allow-origin") == [PAGE], "{response:?}");
        ensure!(response.head.all("content-length") == [body.len().to_string()], "{response:?}");
        Ok(())
    };
    let unauthenticated = b"\x80\0\0\0\x2bgrpc-status:16\r\ngrpc-message:Unauthorized\r\n";
    let exhausted = b"\x80\0\0\0\x35grpc-status:8\r\ngrpc-message:API rate limit exceeded\r\n";
    let exhausted_text: &[u8] =
        b"gAAAADVncnBjLXN0YXR1czo4DQpncnBjLW1lc3NhZ2U6QVBJIHJhdGUgbGltaXQgZXhjZWVkZWQNCg==";
    let web = "application/grpc-web+proto";
    ensure_outcome(&call(web, None)?, web, unauthenticated)?;
    ensure!(call(web, Some(&authorization))?.head.status == 200, "the first call passes");
    let limited = call(web, Some(&authorization))?;
    ensure_outcome(&limited, web, exhausted)?;
    ensure!(limited.head.first("retry-after").is_some(), "{limited:?}");
    let text = "application/grpc-web-text";
    ensure_outcome(&call(text, Some(&authorization))?, text, exhausted_text)?;
    ensure_outcome(
        &call("application/GRPC-web; x=y", None)?,
        "application/grpc-web",
        unauthenticated,
    )
}

/// A front Envoy does not retry a response with this header.
#[test]
fn only_responses_over_a_limit_are_marked_for_a_front_envoy() -> Result<()> {
    let limit = r#"{"year": 1, "error_code": 503, "deny": {"cidrs": ["2001:db8:2::/48"]},
        "client_ip": {"from": "forwarded_for", "trusted_cidrs": ["0.0.0.0/0"]}}"#;
    let gateway = Gateway::start(chain::of(&[("rate-limit", limit)]))?;
    let send = |client: &str| {
        gateway.send(&Request::get("/api/v1/wukongs").header("x-forwarded-for", client))
    };
    for (client, status, mark) in [
        ("2001:db8:1::1", 200, None),
        ("2001:db8:1::1", 503, Some("true")),
        ("2001:db8:2::1", 403, None),
    ] {
        let response = send(client)?;
        ensure!(response.head.status == status, "{response:?}");
        ensure!(response.head.first("x-envoy-ratelimited").as_deref() == mark, "{response:?}");
    }
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
