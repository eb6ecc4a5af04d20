//! Bodies pass unbuffered, and the memory that a filter keeps for a stream is bounded.

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_harness::{
    chain,
    client::{Console, EventStream, Request},
    traefik::Plugin,
};
use novasphere_tests::streams::Streams;
use serde_json::json;

use crate::Gateway;

fn check(plugins: Vec<Plugin>) -> Result<()> {
    let mut gateway = Gateway::start(plugins)?;
    Streams { addr: gateway.traefik.addr }.check_half_duplex()?;
    gateway.traefik.ensure_no_trap()
}

#[test]
fn streams_pass_traefik_without_filters() -> Result<()> {
    check(Vec::new())
}

#[test]
fn streams_pass_the_filters() -> Result<()> {
    check(chain::plugins()?)
}

#[test]
fn websocket_takes_its_token_from_the_subprotocols() -> Result<()> {
    let config = json!({
        "credentials": [{"key": "novasphere-user", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}],
        "websocket_protocols": ["base64url.bearer.authorization.k8s.io."],
    });
    let mut gateway = Gateway::start(vec![Plugin::of_fields("jwt-auth", config)])?;
    let open = |token: &str| {
        let encoded = BASE64_URL_SAFE_NO_PAD.encode(token);
        let offered = format!("base64url.bearer.authorization.k8s.io.{encoded}, console.v1");
        let target = "/api/v1/wukongs/sun/console/ws";
        Console::open(gateway.traefik.addr, target, &[("sec-websocket-protocol", &offered)])
    };
    let mut console = open(&chain::good_token()?)?;
    console.say("ls")?;
    ensure!(console.hear()? == "ls");
    console.close()?;
    let refusal = open("x").err().context("a bad token passed")?.to_string();
    ensure!(refusal.contains("401"), "{refusal}");
    gateway.traefik.ensure_no_trap()
}

/// Each stream occupies one instance of each filter; new requests get other instances.
#[test]
fn hundred_open_streams_do_not_block_requests() -> Result<()> {
    let mut gateway = Gateway::start(chain::plugins()?)?;
    let before = gateway.traefik.memory()?;
    let token = format!("Bearer {}", chain::good_token()?);
    let request =
        Request::get("/api/v1/wukongs/sun/events?count=2&open=1").header("authorization", &token);
    let open = |_| EventStream::open(gateway.traefik.addr, &request);
    let mut streams = (0..100).map(open).collect::<Result<Vec<_>>>()?;
    ensure!(gateway.send(&chain::good_request()?)?.head.status == 200);
    let each = gateway.traefik.memory()?.saturating_sub(before) / 100;
    ensure!(each < 8 * 1024 * 1024, "each stream takes {each} bytes");
    for stream in &mut streams {
        for n in 1..=2 {
            ensure!(stream.next_event()?.is_some(), "a stream ended before event {n}");
        }
    }
    gateway.traefik.ensure_no_trap()
}
