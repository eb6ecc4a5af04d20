//! No input from a client traps a filter, and the next client is served.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain::{self, FILTERS},
    client::Request,
    gateway::Gateway,
};
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::json;

/// An unusual request with a description and the allowed statuses, including those below 500 from
/// Envoy itself.
struct Unusual {
    label: String,
    request: Request,
    statuses: &'static [u16],
}

fn unusual(label: impl Into<String>, request: Request, statuses: &'static [u16]) -> Unusual {
    Unusual { label: label.into(), request, statuses }
}

/// Sends the requests to one worker, each followed by a good request to the same worker.
fn check(requests: Vec<Unusual>) -> Result<()> {
    let gateway = Gateway::start(chain::of(FILTERS))?;
    for Unusual { label, request, statuses } in requests {
        let response = gateway.send(&request).with_context(|| label.clone())?;
        let status = response.head.status;
        ensure!(statuses.contains(&status), "{label}: status {status}: {}", response.text());
        let good = gateway.send(&chain::good_request()?)?;
        let status = good.head.status;
        ensure!(status == 200, "after {label}, a good request gets {status}");
        chain::ensure_no_trap(&gateway.envoy).with_context(|| label.clone())?;
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
fn unusual_headers_do_not_break_the_filters() -> Result<()> {
    let mut requests = Vec::new();
    for name in ["x-client", "origin", "cookie", "user-agent", "x-user-id", "x-anything"] {
        for (kind, value) in [("bytes from 0x80", &b"\x80\xe9\xff"[..]), ("no value", b"")] {
            let request = Request::get("/api/v1/wukongs").header(name, value);
            let authorized = authorized()?.header(name, value);
            requests.push(unusual(format!("{name} with {kind}, no token"), request, &[401]));
            requests.push(unusual(format!("{name} with {kind}"), authorized, &[200]));
        }
    }
    for value in [&b"\x80"[..], b"", b"a b", b"[::1", b"a:b:c", b"a, b"] {
        let request = authorized()?.header("host", value);
        requests.push(unusual(format!("host: {value:?}"), request, &[200, 400]));
    }
    let mut many = authorized()?;
    for n in 0..200 {
        many = many.header(format!("x-{n}"), "v");
    }
    requests.push(unusual("200 headers", many, &[200]));
    for name in ["x-anything", "x-client", "cookie", "origin"] {
        let request = authorized()?.header(name, vec![b'a'; 60 * 1024]);
        requests.push(unusual(format!("60 KB of {name}"), request, &[200]));
    }
    for name in ["x_user_id", "X_Client", "~!#$%^&*|", "x-"] {
        let request = authorized()?.header(name, "v");
        requests.push(unusual(format!("a header called {name}"), request, &[200]));
    }
    let preflight = |origin: &[u8]| {
        Request::new("OPTIONS", "/api/v1/wukongs")
            .header("origin", origin)
            .header("access-control-request-method", b"\xff\xfe")
            .header("access-control-request-headers", b"\x80, ,,\xff")
    };
    requests.push(unusual(
        "a malformed preflight",
        preflight(b"\xff://\x80"),
        &[200, 204, 401, 403],
    ));
    let ours = preflight(b"https://app.novasphere.io");
    requests.push(unusual("a preflight with malformed requests", ours, &[200, 204, 403]));
    check(requests)
}

#[test]
fn malformed_tokens_are_refused() -> Result<()> {
    let good = chain::good_token()?;
    let mut requests = Vec::new();
    for value in ["", "Bearer", "Bearer ", "Bearer  ", "bearer x", "Basic YTpi", "Bearer a,b"] {
        let request = Request::get("/api/v1/wukongs").header("authorization", value);
        requests.push(unusual(format!("authorization: {value:?}"), request, &[401]));
    }
    let deep = format!("{}.{}.AA", "W1tb".repeat(4_000), "W1tb".repeat(4_000));
    let long = "a".repeat(60 * 1024);
    let dots = ".".repeat(20_000);
    for token in [".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "====.==.=", &deep, &long] {
        requests.push(unusual(format!("the token {token:.20}"), with_token(token), &[401]));
    }
    requests.push(unusual("a token of dots", with_token(&dots), &[401]));
    for cut in [1, good.len() / 2, good.len().saturating_sub(1)] {
        let token = good.get(..cut).context("tokens are ASCII")?;
        requests.push(unusual(
            format!("the first {cut} bytes of a token"),
            with_token(token),
            &[401],
        ));
    }
    let binary = [b"Bearer ", good.as_bytes(), b"\xff"].concat();
    let request = Request::get("/api/v1/wukongs").header("authorization", binary);
    requests.push(unusual("a token and a byte 0xFF", request, &[401]));
    let twice = with_token(&good).header("authorization", format!("Bearer {good}"));
    requests.push(unusual("authorization twice, the same", twice, &[200, 400, 401]));
    let other = with_token(&good).header("authorization", "Bearer a.b.c");
    requests.push(unusual("authorization twice, different", other, &[400, 401]));
    requests.push(unusual("a giant token", with_token(&giant_token()?), &[200, 401]));
    check(requests)
}

/// A correctly signed token of about 60 KB.
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
fn unusual_targets_and_methods_do_not_break_the_filters() -> Result<()> {
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
    let mut requests = Vec::new();
    for target in targets {
        let label = format!("{:.60}", String::from_utf8_lossy(target));
        let request = Request::get(target);
        requests.push(unusual(format!("{label}, no token"), request, &[400, 401]));
        let request = Request { target: target.to_vec(), ..authorized()? };
        requests.push(unusual(label, request, &[200, 400, 401, 404]));
    }
    let request = Request { method: b"OPTIONS".to_vec(), target: b"*".to_vec(), ..authorized()? };
    requests.push(unusual("OPTIONS *", request, &[200, 204, 400, 404]));
    for method in ["FOO", "get", "CONNECT", "TRACE"] {
        let request = Request { method: method.into(), ..authorized()? };
        requests.push(unusual(method, request, &[200, 400, 404, 405]));
    }
    check(requests)
}
