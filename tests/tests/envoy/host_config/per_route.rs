//! Routes with different settings.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    client::{Console, HOST, Request},
};
use novasphere_tests::shipped::quota;
use serde_json::json;

use super::Shipped;

const WUKONGS: &str = "/api/v1/wukongs";
/// The files with settings per route.
pub(super) const PER_ROUTE: &[&str] = &["per-route.yaml", "per-route-1.36.yaml"];
/// The files with all filters.
pub(super) const ALL: &[&str] =
    &["all.yaml", "gateway.yaml", "per-route.yaml", "per-route-1.36.yaml"];

fn with_token(request: Request) -> Result<Request> {
    Ok(request.header("authorization", format!("Bearer {}", chain::good_token()?)))
}

pub(super) fn post_has_a_stricter_limit_on_every_spelling_of_the_path(
    gateway: &Shipped,
) -> Result<()> {
    let post = with_token(Request::new("POST", WUKONGS).body("{}"))?;
    let get = with_token(Request::get(WUKONGS))?;
    // A new minute may start during the loop; then 10 more requests pass.
    let mut passed = 0;
    let refused = loop {
        let response = gateway.send(&post)?;
        ensure!(quota(&response, 60).as_deref() == Some("10"), "{response:?}");
        if response.head.status != 200 && response.head.status != 201 {
            break response;
        }
        passed += 1;
        ensure!(passed <= 20, "no POST is refused");
    };
    // Another check has sent one.
    ensure!(passed >= 9 && refused.head.status == 429, "after {passed}: {refused:?}");
    for spelling in [
        "/api/v1/wukongs/",
        "/api/v1/wukongs;x",
        "//api/v1/wukongs",
        "/api/v1/%77ukongs",
        "/api/v1/./wukongs",
        "/api/v1/wukongs?x=1",
    ] {
        let post = with_token(Request::new("POST", spelling).body("{}"))?;
        let response = gateway.send(&post)?;
        ensure!(quota(&response, 60).as_deref() == Some("10"), "{spelling}: {response:?}");
    }
    let response = gateway.send(&get)?;
    ensure!(response.head.status == 200, "{response:?}");
    ensure!(quota(&response, 60).as_deref() == Some("100"), "{response:?}");
    Ok(())
}

pub(super) fn only_the_console_route_accepts_a_token_in_the_query(gateway: &Shipped) -> Result<()> {
    let token = chain::good_token()?;
    let target = format!("{WUKONGS}/sun/console/ws?token={token}");
    let addr = gateway.envoy.listener("gateway")?;
    let mut console = Console::open(addr, &target, &[("host", HOST)])?;
    console.say("hello")?;
    ensure!(console.hear()? == "hello", "no echo");
    console.close()?;
    for target in [WUKONGS, "/api/v1/wukongs/sun", "/api/v1/wukongs/sun/events"] {
        let response = gateway.send(&Request::get(format!("{target}?token={token}")))?;
        ensure!(response.head.status == 401, "{target}: {response:?}");
    }
    let without = Console::open(addr, &format!("{WUKONGS}/sun/console/ws"), &[("host", HOST)]);
    ensure!(without.is_err_and(|error| error.to_string().contains("401")), "no token, no 401");
    Ok(())
}

pub(super) fn health_check_is_not_limited(gateway: &Shipped) -> Result<()> {
    for n in 0..120 {
        let response = gateway.send(&Request::get("/api/v1/healthz"))?;
        ensure!(response.head.status == 200, "probe {n}: {response:?}");
    }
    Ok(())
}

pub(super) fn all_filters_run_on_every_route(gateway: &Shipped) -> Result<()> {
    let page = "https://app.novasphere.io";
    for request in [
        with_token(Request::new("POST", WUKONGS).body("{}"))?,
        with_token(Request::get("/api/v1/wukongs/sun"))?,
        with_token(Request::get("/api/v1/wukongs/sun/console/ws"))?,
    ] {
        let response = gateway.send(&request.header("origin", page))?;
        let allowed = response.head.first("access-control-allow-origin");
        ensure!(allowed.as_deref() == Some(page), "{response:?}");
        ensure!(response.head.first("ratelimit").is_some(), "{response:?}");
        if [200, 201].contains(&response.head.status) {
            let echo = response.json()?;
            let mut lines =
                echo.get("headers").and_then(serde_json::Value::as_array).into_iter().flatten();
            let transformed = lines.any(|line| *line == json!(["x-forwarded-by", "novasphere"]));
            ensure!(transformed, "not transformed: {response:?}");
        }
    }
    Ok(())
}
