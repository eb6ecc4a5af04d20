//! Bodies pass unbuffered through the whole chain: server-sent events, WebSocket, chunked uploads
//! and gRPC. The same streams pass an Envoy without filters, which separates faults of the filters.

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_harness::{
    chain::{self, FILTERS},
    client::Console,
    envoy::WasmFilter,
    gateway::Gateway,
};
use novasphere_tests::streams::Streams;

fn check(filters: Vec<WasmFilter>) -> Result<()> {
    let gateway = Gateway::start(filters)?;
    Streams { addr: gateway.addr }.check()?;
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn websocket_takes_its_token_from_the_subprotocols() -> Result<()> {
    let config = r#"{
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "websocket_protocols": ["base64url.bearer.authorization.k8s.io."]
    }"#;
    let gateway = Gateway::start(chain::of(&[("jwt-auth", config)]))?;
    let open = |token: &str| {
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(token);
        let offered = format!("base64url.bearer.authorization.k8s.io.{encoded}, console.v1");
        let target = "/api/v1/wukongs/sun/console/ws";
        Console::open(gateway.addr, target, &[("sec-websocket-protocol", &offered)])
    };
    let mut console = open(&chain::good_token()?)?;
    console.say("ls")?;
    ensure!(console.hear()? == "ls");
    console.close()?;
    let refusal = open("x").err().context("a bad token passed")?.to_string();
    ensure!(refusal.contains("401"), "{refusal}");
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn streams_pass_envoy_without_filters() -> Result<()> {
    check(Vec::new())
}

#[test]
fn streams_pass_the_chain() -> Result<()> {
    check(chain::of(FILTERS))
}
