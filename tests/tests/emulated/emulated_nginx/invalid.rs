//! Every invalid configuration closes the route.

use anyhow::{Result, ensure};
use novasphere_emulated_host::Plugin;
use novasphere_harness::client::Request;
use novasphere_tests::cases::invalid::configurations;

use super::naive::{ensure_sound, worker};

fn check(filter: &str) -> Result<()> {
    for (name, config) in configurations(filter)? {
        let mut ours = worker(&[Plugin::wasm(filter, config)])?;
        let requests = [
            Request::get("/"),
            Request::new("OPTIONS", "/")
                .header("origin", "https://app.novasphere.io")
                .header("access-control-request-method", "GET"),
        ];
        for request in requests {
            let answer = ours.send(&request)?;
            ensure!(answer.status == 500 && answer.upstream.is_none(), "{name}: {answer:?}");
        }
        let logged = ours.log().iter().any(|(_, line)| line.contains("configuration refused"));
        ensure!(logged, "{name}: {:?}", ours.log());
        ensure!(ours.trapped().is_none(), "{name}");
    }
    // A valid configuration is accepted.
    let good = worker(&[Plugin::wasm(
        "header-transform",
        r#"{"request": {"remove": {"headers": ["a"]}}}"#,
    )])?;
    ensure_sound(&good)
}

#[test]
fn invalid_cors_configurations_close_the_route() -> Result<()> {
    check("cors")
}

#[test]
fn invalid_gateway_configurations_close_the_route() -> Result<()> {
    check("gateway")
}

#[test]
fn invalid_header_transform_configurations_close_the_route() -> Result<()> {
    check("header-transform")
}

#[test]
fn invalid_jwt_auth_configurations_close_the_route() -> Result<()> {
    check("jwt-auth")
}

#[test]
fn invalid_rate_limit_configurations_close_the_route() -> Result<()> {
    check("rate-limit")
}
