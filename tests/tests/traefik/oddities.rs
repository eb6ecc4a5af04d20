//! No input from a client traps a filter, and the next client is served.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{chain, client::Request, traefik::Plugin};
use serde_json::json;

use crate::Gateway;

/// What is odd about a request, the request, and the statuses that are right. Those that Traefik
/// itself may give stand there too.
type Odd = (String, Request, &'static [u16]);

/// Sends them all, each followed by a good request.
fn check(oddities: Vec<Odd>) -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    for (what, request, statuses) in oddities {
        let answer = gateway.send(&request).with_context(|| what.clone())?;
        let status = answer.head.status;
        ensure!(statuses.contains(&status), "{what}: answered with {status}: {}", answer.text());
        let status = gateway.send(&chain::good_request()?)?.head.status;
        ensure!(status == 200, "after {what} a good request is answered with {status}");
        gateway.traefik.ensure_no_trap().with_context(|| what.clone())?;
    }
    Ok(())
}

fn with_token(token: &str) -> Request {
    Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"))
}

#[test]
fn large_heads() -> Result<()> {
    let mut oddities: Vec<Odd> = Vec::new();
    for total in [11, 64, 200] {
        for lines in [1, 10, 100] {
            let value = vec![b'a'; total * 1024 / lines];
            let fill = |request: Request| {
                (0..lines).fold(request, |request, n| request.header(format!("x-{n}"), &value))
            };
            let what = format!("{total} kB in {lines} headers");
            oddities.push((what.clone(), fill(chain::good_request()?), &[200]));
            let nobody = fill(Request::get("/api/v1/wukongs"));
            oddities.push((format!("{what}, no token"), nobody, &[401]));
        }
    }
    let many = |most: usize| {
        (0..most).fold(Request::get("/api/v1/wukongs"), |r, n| r.header(format!("x-{n}"), "v"))
    };
    oddities.push(("900 headers".to_owned(), many(900), &[401]));
    oddities.push(("1100 headers".to_owned(), many(1100), &[431]));
    let repeated = (0..1100).fold(chain::good_request()?, |r, _| r.header("x-a", "v"));
    oddities.push(("1100 lines of a header".to_owned(), repeated, &[431]));
    let cookie = chain::good_request()?.header("cookie", vec![b'a'; 300 * 1024]);
    oddities.push(("300 kB of cookie".to_owned(), cookie, &[431]));
    check(oddities)
}

#[test]
fn odd_headers() -> Result<()> {
    let mut oddities: Vec<Odd> = Vec::new();
    for name in ["x-client", "origin", "cookie", "user-agent", "x-user-id", "x-anything"] {
        for (kind, value) in [("bytes from 0x80", &b"\x80\xe9\xff"[..]), ("no value", b"")] {
            let nobody = Request::get("/api/v1/wukongs").header(name, value);
            oddities.push((format!("{name} with {kind}, no token"), nobody, &[401]));
            let good = chain::good_request()?.header(name, value);
            oddities.push((format!("{name} with {kind}"), good, &[200]));
        }
    }
    for value in [&b"\x80"[..], b"", b"a b", b"[::1", b"a:b:c", b"a, b"] {
        let good = chain::good_request()?.header("host", value);
        oddities.push((format!("host: {value:?}"), good, &[200, 400, 404]));
    }
    for name in ["x_user_id", "X.Client", "~!#$%^&*|", "x-"] {
        let good = chain::good_request()?.header(name, "v");
        oddities.push((format!("a header called {name}"), good, &[200]));
    }
    for value in ["X-User-Id", "authorization", "x-forwarded-by, close", "Host", ","] {
        let good = chain::good_request()?.header("connection", value);
        oddities.push((format!("connection: {value}"), good, &[200, 400, 401]));
    }
    check(oddities)
}

#[test]
fn odd_tokens() -> Result<()> {
    let good = chain::good_token()?;
    let mut oddities: Vec<Odd> = Vec::new();
    for value in ["", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic YTpi", "Bearer a,b"] {
        let request = Request::get("/api/v1/wukongs").header("authorization", value);
        oddities.push((format!("authorization: {value:?}"), request, &[401]));
    }
    let deep = format!("{}.{}.AA", "W1tb".repeat(4_000), "W1tb".repeat(4_000));
    let (long, dots) = ("a".repeat(60 * 1024), ".".repeat(20_000));
    for token in [".", "..", "a.b.c", "e30.e30.", "====.==.=", &deep, &long, &dots] {
        oddities.push((format!("the token {token:.20}"), with_token(token), &[401]));
    }
    let twice = with_token(&good).header("authorization", "Bearer a.b.c");
    oddities.push(("two tokens".to_owned(), twice, &[400, 401]));
    let both = Request { target: b"/?token=a.b.c".to_vec(), ..with_token(&good) };
    oddities.push(("two tokens in two places".to_owned(), both, &[400, 401]));
    check(oddities)
}

#[test]
fn odd_targets_and_methods() -> Result<()> {
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
    let mut oddities: Vec<Odd> = Vec::new();
    for target in targets {
        let what = format!("{:.60}", String::from_utf8_lossy(target));
        // Traefik redirects to a cleaned path.
        let nobody = Request::get(target);
        oddities.push((format!("{what}, no token"), nobody, &[301, 400, 401]));
        let good = Request { target: target.to_vec(), ..chain::good_request()? };
        oddities.push((what, good, &[200, 301, 400, 401, 404]));
    }
    let all =
        Request { method: b"OPTIONS".to_vec(), target: b"*".to_vec(), ..chain::good_request()? };
    oddities.push(("OPTIONS *".to_owned(), all, &[200, 204, 400, 404]));
    for method in ["FOO", "get", "CONNECT", "TRACE", "HEAD"] {
        let nobody = Request::new(method, "/api/v1/wukongs");
        oddities.push((format!("{method}, no token"), nobody, &[400, 401, 404, 501]));
        let good = Request { method: method.into(), ..chain::good_request()? };
        oddities.push((method.to_owned(), good, &[200, 400, 404, 405, 501]));
    }
    check(oddities)
}

/// The host would trap on a body there.
#[test]
fn refusals_of_head_requests_have_no_body() -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    for _ in 0..200 {
        let answer = gateway.send(&Request::new("HEAD", "/api/v1/wukongs"))?;
        ensure!(answer.head.status == 401 && answer.body.is_empty(), "{answer:?}");
        ensure!(answer.head.first("www-authenticate").is_some(), "{answer:?}");
    }
    gateway.traefik.ensure_no_trap()
}

/// There is no path to which a query could be added; Traefik answers it before any middleware.
#[test]
fn the_target_of_all_is_not_edited() -> Result<()> {
    let rules = json!({"request": {"add": {"querystring": ["a:b"]}}});
    let mut gateway = Gateway::start(vec![Plugin::of_fields("header-transform", rules)])?;
    let answer = gateway.send(&Request::new("OPTIONS", "*"))?;
    ensure!(answer.head.status == 200 && answer.body.is_empty(), "{answer:?}");
    ensure!(gateway.send(&Request::get("/echo?c"))?.text().contains("/echo?c&a=b"));
    gateway.traefik.ensure_no_trap()
}

/// Traefik takes what Connection names out of a request before filters see it, not after.
#[test]
fn connection_does_not_take_an_identity_away() -> Result<()> {
    let gateway = Gateway::start(chain::plugins()?)?;
    for name in ["X-User-Id", "x-user-id, x-forwarded-by", "close, X-User-Id"] {
        let request = chain::good_request()?.header("connection", name);
        let text = gateway.send(&request)?.text();
        ensure!(text.contains(r#"["x-user-id","alice"]"#), "{name}: {text}");
    }
    Ok(())
}
