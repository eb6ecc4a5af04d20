//! header-transform with other filters, with a second header-transform, and on upgraded
//! connections.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Connection, Console, Request, Response},
    gateway::Gateway,
};
use serde::Deserialize;

/// Idempotent except for `append`.
const RULES: &str = r#"{
    "request": {
        "remove": {"headers": ["X-Debug", "X-Internal-*"], "querystring": ["debug", "utm_*"]},
        "rename": {"headers": ["X-Old:X-New"], "querystring": ["p:page"]},
        "replace": {"headers": ["X-Api:gateway"], "querystring": ["limit:50"]},
        "add": {"headers": ["X-Forwarded-By:novasphere"], "querystring": ["v:1"]},
        "append": {"headers": ["X-Via:novasphere"], "querystring": ["tag:a"]}
    },
    "response": {
        "remove": {"headers": ["Server"]},
        "add": {"headers": ["X-Gateway:novasphere"]},
        "append": {"headers": ["X-Hop:novasphere"]},
        "security_headers": true
    }
}"#;

fn request() -> Request {
    Request::get("/api/v1/wukongs?debug&p=2&limit=9&utm_source=x&limit=8")
        .header("x-debug", "1")
        .header("x-internal-user", "root")
        .header("x-old", "old")
        .header("x-new", "new")
        .header("x-api", "a")
        .header("x-api", "b")
}

/// The request as the upstream received it.
#[derive(Deserialize)]
struct Seen {
    path: String,
    headers: Vec<(String, String)>,
}

fn seen(response: &Response) -> Result<Seen> {
    Ok(serde_json::from_value(response.json()?)?)
}

fn values<'l>(lines: &'l [(String, String)], name: &str) -> Vec<&'l str> {
    lines.iter().filter(|(n, _)| n == name).map(|(_, value)| &**value).collect()
}

fn check_rules(filters: usize) -> Result<()> {
    let gateway = Gateway::start(chain::of(&vec![("header-transform", RULES); filters]))?;
    let response = gateway.send(&request())?;
    let Seen { path, headers: lines } = seen(&response)?;
    let tags = "&tag=a".repeat(filters);
    ensure!(path == format!("/api/v1/wukongs?page=2&limit=50&v=1{tags}"), "{path}");
    let appended = vec!["novasphere"; filters];
    for (name, expected) in [
        ("x-debug", vec![]),
        ("x-internal-user", vec![]),
        ("x-old", vec![]),
        ("x-new", vec!["old"]),
        ("x-api", vec!["gateway"]),
        ("x-forwarded-by", vec!["novasphere"]),
        ("x-via", appended.clone()),
    ] {
        let got = values(&lines, name);
        ensure!(got == expected, "{filters} filters, {name}: {got:?}");
    }
    for (name, expected) in [
        ("server", vec![]),
        ("x-gateway", vec!["novasphere"]),
        ("x-hop", appended),
        ("x-frame-options", vec!["DENY"]),
        ("referrer-policy", vec!["strict-origin-when-cross-origin"]),
    ] {
        let got = response.head.all(name);
        ensure!(got == expected, "{filters} filters, {name}: {got:?}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn rules_are_applied() -> Result<()> {
    check_rules(1)
}

#[test]
fn second_filter_with_the_same_rules_only_appends() -> Result<()> {
    check_rules(2)
}

#[test]
fn claims_come_only_from_jwt_auth() -> Result<()> {
    let jwt_auth = r#"{
        "credentials": [{
            "key": "novasphere-user",
            "algorithm": "HS256",
            "secret": {"env": "NOVASPHERE_JWT_SECRET"}
        }],
        "optional": true,
        "claims_to_attributes": [{"claim": "sub", "attribute": "user"}]
    }"#;
    let transform = r#"{
        "request": {
            "remove": {"headers": ["X-User"], "querystring": ["user"]},
            "add": {
                "headers": ["X-User:user-$(claims.user | nobody)"],
                "querystring": ["user:$(claims.user)"]
            }
        },
        "response": {"append": {"headers": ["X-Seen-As:$(claims.user | nobody)"]}}
    }"#;
    let gateway =
        Gateway::start(chain::of(&[("jwt-auth", jwt_auth), ("header-transform", transform)]))?;
    let forged = || {
        let request = Request::get("/api/v1/wukongs?user=root").header("x-user", "root");
        request.header("user", "root").header("wasm.user", "root").header("x_user", "root")
    };
    let token = format!("Bearer {}", chain::good_token()?);
    for (request, user, query) in [
        (forged().header("authorization", token), "alice", "?user=alice"),
        (forged(), "nobody", ""),
    ] {
        let response = gateway.send(&request)?;
        let Seen { path, headers: lines } = seen(&response)?;
        ensure!(path == format!("/api/v1/wukongs{query}"), "{user}: {path}");
        ensure!(values(&lines, "x-user") == [format!("user-{user}")], "{user}: {lines:?}");
        ensure!(values(&lines, "x_user").is_empty(), "{user}: {lines:?}");
        ensure!(response.head.all("x-seen-as") == [user], "{response:?}");
    }
    // Only the request without a token lacked the claim, in the query.
    let missing = "wasmcustom.novasphere_events_total.filter=header-transform.event=input_missing";
    ensure!(gateway.envoy.wait_for_stat(missing, |count| count > 0)? == 1);
    chain::ensure_no_trap(&gateway.envoy)
}

/// Checks an upgraded connection (RFC 9110 section 7.8).
#[test]
fn upgraded_connection_is_not_changed() -> Result<()> {
    let rules = r#"{
        "request": {"remove": {"headers": ["X-Debug", "s*"]}},
        "response": {
            "allow": {"headers": ["X-Request-Id"]},
            "add": {"headers": ["X-Gateway:novasphere"]},
            "security_headers": {"override": true}
        }
    }"#;
    let gateway = Gateway::start(chain::of(&[("header-transform", rules)]))?;
    let target = "/api/v1/wukongs/sun/console/ws";
    let mut console = Console::open(gateway.addr, target, &[("x-debug", "1")])?;
    console.say("ls")?;
    ensure!(console.hear()? == "ls");
    console.close()?;
    let upgrade = Request::get(target)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let mut connection = Connection::open(gateway.addr)?;
    connection.write(&upgrade.to_bytes())?;
    let head = connection.read_head()?;
    ensure!(head.status == 101, "{head:?}");
    // RFC 6455 section 1.3.
    ensure!(head.all("sec-websocket-accept") == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], "{head:?}");
    for name in ["x-gateway", "x-frame-options"] {
        ensure!(head.all(name).is_empty(), "{head:?}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}
