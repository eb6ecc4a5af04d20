//! No input from a client traps a filter, and the next client is served.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain::{self, FILTERS},
    client::Request,
    gateway::Gateway,
};
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::json;

/// A request, what is odd about it, and the statuses that are right. Those below 500 that Envoy
/// itself may give stand there too.
struct Odd {
    what: String,
    request: Request,
    statuses: &'static [u16],
}

fn odd(what: impl Into<String>, request: Request, statuses: &'static [u16]) -> Odd {
    Odd { what: what.into(), request, statuses }
}

/// Sends them all to one worker, each followed by a good request to it.
fn check(oddities: Vec<Odd>) -> Result<()> {
    let gateway = Gateway::start(chain::of(FILTERS))?;
    for Odd { what, request, statuses } in oddities {
        let answer = gateway.send(&request).with_context(|| what.clone())?;
        let status = answer.head.status;
        ensure!(statuses.contains(&status), "{what}: answered with {status}: {}", answer.text());
        let good = gateway.send(&chain::good_request()?)?;
        let status = good.head.status;
        ensure!(status == 200, "after {what} a good request is answered with {status}");
        chain::ensure_no_trap(&gateway.envoy).with_context(|| what.clone())?;
    }
    Ok(())
}

fn authorized() -> Result<Request> {
    chain::good_request()
}

fn with_token(token: &str) -> Request {
    Request::get("/api/v1/wukongs").header("authorization", format!("Bearer {token}"))
}

#[test]
fn odd_headers() -> Result<()> {
    let mut oddities = Vec::new();
    for name in ["x-client", "origin", "cookie", "user-agent", "x-user-id", "x-anything"] {
        for (kind, value) in [("bytes from 0x80", &b"\x80\xe9\xff"[..]), ("no value", b"")] {
            let request = Request::get("/api/v1/wukongs").header(name, value);
            let authorized = authorized()?.header(name, value);
            oddities.push(odd(format!("{name} with {kind}, no token"), request, &[401]));
            oddities.push(odd(format!("{name} with {kind}"), authorized, &[200]));
        }
    }
    for value in [&b"\x80"[..], b"", b"a b", b"[::1", b"a:b:c", b"a, b"] {
        let request = authorized()?.header("host", value);
        oddities.push(odd(format!("host: {value:?}"), request, &[200, 400]));
    }
    let mut many = authorized()?;
    for n in 0..200 {
        many = many.header(format!("x-{n}"), "v");
    }
    oddities.push(odd("200 headers", many, &[200]));
    for name in ["x-anything", "x-client", "cookie", "origin"] {
        let request = authorized()?.header(name, vec![b'a'; 60 * 1024]);
        oddities.push(odd(format!("60 KB of {name}"), request, &[200]));
    }
    for name in ["x_user_id", "X_Client", "~!#$%^&*|", "x-"] {
        let request = authorized()?.header(name, "v");
        oddities.push(odd(format!("a header called {name}"), request, &[200]));
    }
    let preflight = |origin: &[u8]| {
        Request::new("OPTIONS", "/api/v1/wukongs")
            .header("origin", origin)
            .header("access-control-request-method", b"\xff\xfe")
            .header("access-control-request-headers", b"\x80, ,,\xff")
    };
    oddities.push(odd("an odd preflight", preflight(b"\xff://\x80"), &[200, 204, 401, 403]));
    let ours = preflight(b"https://app.novasphere.io");
    oddities.push(odd("a preflight for odd things", ours, &[200, 204, 403]));
    check(oddities)
}

#[test]
fn odd_tokens() -> Result<()> {
    let good = chain::good_token()?;
    let mut oddities = Vec::new();
    for value in ["", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic YTpi", "Bearer a,b"] {
        let request = Request::get("/api/v1/wukongs").header("authorization", value);
        oddities.push(odd(format!("authorization: {value:?}"), request, &[401]));
    }
    let deep = format!("{}.{}.AA", "W1tb".repeat(4_000), "W1tb".repeat(4_000));
    let long = "a".repeat(60 * 1024);
    let dots = ".".repeat(20_000);
    for token in [".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "====.==.=", &deep, &long] {
        oddities.push(odd(format!("the token {token:.20}"), with_token(token), &[401]));
    }
    oddities.push(odd("a token of dots", with_token(&dots), &[401]));
    for cut in [1, good.len() / 2, good.len().saturating_sub(1)] {
        let token = good.get(..cut).context("tokens are ASCII")?;
        oddities.push(odd(format!("the first {cut} bytes of a token"), with_token(token), &[401]));
    }
    let binary = [b"Bearer ", good.as_bytes(), b"\xff"].concat();
    let request = Request::get("/api/v1/wukongs").header("authorization", binary);
    oddities.push(odd("a token and a byte 0xFF", request, &[401]));
    let twice = with_token(&good).header("authorization", format!("Bearer {good}"));
    oddities.push(odd("authorization twice, the same", twice, &[200, 400, 401]));
    let other = with_token(&good).header("authorization", "Bearer a.b.c");
    oddities.push(odd("authorization twice, different", other, &[400, 401]));
    oddities.push(odd("a giant token", with_token(&giant_token()?), &[200, 401]));
    check(oddities)
}

/// Well signed, and about 60 KB long.
fn giant_token() -> Result<String> {
    let claims = json!({
        "iss": "novasphere-user", "aud": "api", "exp": "now+600", "sub": "a".repeat(45 * 1024),
    });
    let spec = json!({
        "algorithm": "HS256", "secret": {"env": "NOVASPHERE_JWT_SECRET"}, "claims": claims,
    });
    let spec: TokenSpec = serde_json::from_value(spec)?;
    mint(&spec, &chain::environment()?)
}

#[test]
fn odd_targets() -> Result<()> {
    let long = format!("/api/v1/wukongs/{}", "a".repeat(8 * 1024));
    let query = format!("/api/v1/wukongs?{}", "token=x&".repeat(1_000));
    let targets: &[&[u8]] = &[
        &b"/"[..],
        b"//",
        b"///api//v1//wukongs",
        b"/%",
        b"/%2",
        b"/%zz",
        b"/%00",
        b"/%2f",
        b"/?",
        b"/?&&&===&",
        b"/?token",
        b"/?token=",
        b"/?token=%",
        b"/?token=%ff%fe&token=%00",
        b"/?%74oken=a.b.c",
        b"/#fragment",
        b"/..",
        b"/a/../../b",
        b"/\xc3\xa9",
        b"/\xff\xfe?\x80=\x81",
        b"http://elsewhere.example/api/v1/wukongs?token=a",
        long.as_bytes(),
        query.as_bytes(),
    ];
    let mut oddities = Vec::new();
    for target in targets {
        let what = format!("{:.60}", String::from_utf8_lossy(target));
        let request = Request::get(target);
        oddities.push(odd(format!("{what}, no token"), request, &[400, 401]));
        let request = Request { target: target.to_vec(), ..authorized()? };
        oddities.push(odd(what, request, &[200, 400, 401, 404]));
    }
    let request = Request { method: b"OPTIONS".to_vec(), target: b"*".to_vec(), ..authorized()? };
    oddities.push(odd("OPTIONS *", request, &[200, 204, 400, 404]));
    for method in ["FOO", "get", "CONNECT", "TRACE"] {
        let request = Request { method: method.into(), ..authorized()? };
        oddities.push(odd(method, request, &[200, 400, 404, 405]));
    }
    check(oddities)
}
