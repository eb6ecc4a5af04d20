//! No input from a client traps a filter, and the next client is served.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, client::Request, traefik::Plugin};
use serde_json::json;

use crate::Gateway;

/// A description of an unusual request, the request, and the allowed statuses, including those from
/// Traefik itself.
type Unusual = (String, Request, &'static [u16]);

/// Sends the requests, each followed by a good one.
fn check(requests: Vec<Unusual>) -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    for (label, request, statuses) in requests {
        let response = gateway.send(&request).with_context(|| label.clone())?;
        let status = response.head.status;
        ensure!(statuses.contains(&status), "{label}: status {status}: {}", response.text());
        let status = gateway.send(&chain::good_request()?)?.head.status;
        ensure!(status == 200, "after {label}, a good request gets {status}");
        gateway.traefik.ensure_no_trap().with_context(|| label.clone())?;
    }
    Ok(())
}

fn with_token(token: &str) -> Request {
    Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"))
}

#[test]
fn large_heads_do_not_break_the_filters() -> Result<()> {
    let mut requests: Vec<Unusual> = Vec::new();
    for total in [11, 64, 200] {
        for lines in [1, 10, 100] {
            let value = vec![b'a'; total * 1024 / lines];
            let fill = |request: Request| {
                (0..lines).fold(request, |request, n| request.header(format!("x-{n}"), &value))
            };
            let label = format!("{total} kB in {lines} headers");
            requests.push((label.clone(), fill(chain::good_request()?), &[200]));
            let no_token = fill(Request::get("/api/v1/wukongs"));
            requests.push((format!("{label}, no token"), no_token, &[401]));
        }
    }
    let many = |count: usize| {
        (0..count).fold(Request::get("/api/v1/wukongs"), |r, n| r.header(format!("x-{n}"), "v"))
    };
    requests.push(("900 headers".to_owned(), many(900), &[401]));
    requests.push(("1100 headers".to_owned(), many(1100), &[431]));
    let repeated = (0..1100).fold(chain::good_request()?, |r, _| r.header("x-a", "v"));
    requests.push(("1100 lines of a header".to_owned(), repeated, &[431]));
    let cookie = chain::good_request()?.header("cookie", vec![b'a'; 300 * 1024]);
    requests.push(("300 kB of cookie".to_owned(), cookie, &[431]));
    check(requests)
}

#[test]
fn unusual_headers_do_not_break_the_filters() -> Result<()> {
    let mut requests: Vec<Unusual> = Vec::new();
    for name in ["x-client", "origin", "cookie", "user-agent", "x-user-id", "x-anything"] {
        for (kind, value) in [("bytes from 0x80", &b"\x80\xe9\xff"[..]), ("no value", b"")] {
            let no_token = Request::get("/api/v1/wukongs").header(name, value);
            requests.push((format!("{name} with {kind}, no token"), no_token, &[401]));
            let good = chain::good_request()?.header(name, value);
            requests.push((format!("{name} with {kind}"), good, &[200]));
        }
    }
    for value in [&b"\x80"[..], b"", b"a b", b"[::1", b"a:b:c", b"a, b"] {
        let good = chain::good_request()?.header("host", value);
        requests.push((format!("host: {value:?}"), good, &[200, 400, 404]));
    }
    for name in ["x_user_id", "X.Client", "~!#$%^&*|", "x-"] {
        let good = chain::good_request()?.header(name, "v");
        requests.push((format!("a header called {name}"), good, &[200]));
    }
    for value in ["X-User-Id", "authorization", "x-forwarded-by, close", "Host", ","] {
        let good = chain::good_request()?.header("connection", value);
        requests.push((format!("connection: {value}"), good, &[200, 400, 401]));
    }
    check(requests)
}

#[test]
fn malformed_tokens_are_refused() -> Result<()> {
    let good = chain::good_token()?;
    let mut requests: Vec<Unusual> = Vec::new();
    for value in ["", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic YTpi", "Bearer a,b"] {
        let request = Request::get("/api/v1/wukongs").header("authorization", value);
        requests.push((format!("authorization: {value:?}"), request, &[401]));
    }
    let deep = format!("{}.{}.AA", "W1tb".repeat(4_000), "W1tb".repeat(4_000));
    let (long, dots) = ("a".repeat(60 * 1024), ".".repeat(20_000));
    for token in [".", "..", "a.b.c", "e30.e30.", "====.==.=", &deep, &long, &dots] {
        requests.push((format!("the token {token:.20}"), with_token(token), &[401]));
    }
    let twice = with_token(&good).header("authorization", "Bearer a.b.c");
    requests.push(("two tokens".to_owned(), twice, &[400, 401]));
    let both = Request { target: b"/?token=a.b.c".to_vec(), ..with_token(&good) };
    requests.push(("two tokens in two places".to_owned(), both, &[400, 401]));
    check(requests)
}

#[test]
fn unusual_targets_and_methods_do_not_break_the_filters() -> Result<()> {
    let long = format!("/api/v1/wukongs/{}", "a".repeat(8 * 1024));
    let query = format!("/api/v1/wukongs?{}", "token=x&".repeat(1_000));
    let targets: &[&[u8]] = &[
        &b"/"[..],
        b"//",
        b"//elsewhere.example/api",
        b"/%",
        b"/%zz",
        b"/%00",
        b"/%2f%2E%2e",
        b"/?",
        b"/?&&&===&",
        b"/?a=1;token=x",
        b"/?token=%",
        b"/?token=%ff%fe&token=%00",
        b"/?%74oken=a.b.c",
        b"/#fragment",
        b"/a/../../b",
        b"/\xc3\xa9?\xff",
        b"/\"<>\\^`{|}",
        b"http://elsewhere.example/api/v1/wukongs?token=a",
        long.as_bytes(),
        query.as_bytes(),
    ];
    let mut requests: Vec<Unusual> = Vec::new();
    for target in targets {
        let label = format!("{:.60}", String::from_utf8_lossy(target));
        // Traefik may redirect to a cleaned path.
        let no_token = Request::get(target);
        requests.push((format!("{label}, no token"), no_token, &[301, 400, 401]));
        let good = Request { target: target.to_vec(), ..chain::good_request()? };
        requests.push((label, good, &[200, 301, 400, 401, 404]));
    }
    let all =
        Request { method: b"OPTIONS".to_vec(), target: b"*".to_vec(), ..chain::good_request()? };
    requests.push(("OPTIONS *".to_owned(), all, &[200, 204, 400, 404]));
    for method in ["FOO", "get", "CONNECT", "TRACE", "HEAD"] {
        let no_token = Request::new(method, "/api/v1/wukongs");
        requests.push((format!("{method}, no token"), no_token, &[400, 401, 404, 501]));
        let good = Request { method: method.into(), ..chain::good_request()? };
        requests.push((method.to_owned(), good, &[200, 400, 404, 405, 501]));
    }
    check(requests)
}

/// A body would make the host trap.
#[test]
fn refused_head_requests_get_no_body() -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    for _ in 0..200 {
        let response = gateway.send(&Request::new("HEAD", "/api/v1/wukongs"))?;
        ensure!(response.head.status == 401 && response.body.is_empty(), "{response:?}");
        ensure!(response.head.first("www-authenticate").is_some(), "{response:?}");
    }
    gateway.traefik.ensure_no_trap()
}

/// `*` has no path to add a query to; Traefik responds before any middleware.
#[test]
fn asterisk_target_is_not_changed() -> Result<()> {
    let rules = json!({"request": {"add": {"querystring": ["a:b"]}}});
    let mut gateway = Gateway::start(vec![Plugin::of_fields("header-transform", rules)])?;
    let response = gateway.send(&Request::new("OPTIONS", "*"))?;
    ensure!(response.head.status == 200 && response.body.is_empty(), "{response:?}");
    ensure!(gateway.send(&Request::get("/echo?c"))?.text().contains("/echo?c&a=b"));
    gateway.traefik.ensure_no_trap()
}

/// Traefik removes the headers that Connection names before the filters run, not after.
#[test]
fn connection_header_cannot_remove_identity_headers() -> Result<()> {
    let gateway = Gateway::start(chain::plugins()?)?;
    for name in ["X-User-Id", "x-user-id, x-forwarded-by", "close, X-User-Id"] {
        let request = chain::good_request()?.header("connection", name);
        let text = gateway.send(&request)?.text();
        ensure!(text.contains(r#"["x-user-id","alice"]"#), "{name}: {text}");
    }
    Ok(())
}
