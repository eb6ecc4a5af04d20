//! `block_disallowed` of cors: pages of other sites cannot open consoles or change data.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{Console, Request, open_websocket},
    gateway::Gateway,
};

const CONSOLE: &str = "/api/v1/wukongs/sun/console/ws";
const PAGE: &str = "https://app.novasphere.io";
const EVIL: &str = "https://evil.example";

fn gateway() -> Result<Gateway> {
    let config = r#"{"origins": ["https://app.novasphere.io"], "block_disallowed": true}"#;
    Gateway::start(chain::of(&[("cors", config)]))
}

#[test]
fn page_on_disallowed_origin_cannot_open_a_websocket() -> Result<()> {
    let gateway = gateway()?;
    let open = |headers: &[(&'static str, &str)]| Console::open(gateway.addr, CONSOLE, headers);
    for origin in [EVIL, "null", "https://app.novasphere.io.evil.example"] {
        let refusal =
            open(&[("origin", origin)]).err().context("the websocket is open")?.to_string();
        ensure!(refusal.contains("403"), "{origin}: {refusal}");
    }
    // The allowed page, a client without Origin, and a page on the gateway's own origin.
    let same_origin = format!("http://{}", gateway.addr);
    for headers in [&[("origin", PAGE)][..], &[], &[("origin", same_origin.as_str())]] {
        let mut console = open(headers).with_context(|| format!("{headers:?}"))?;
        console.say("ls")?;
        ensure!(console.hear()? == "ls");
        console.close()?;
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn page_on_disallowed_origin_cannot_open_a_websocket_over_http2() -> Result<()> {
    let gateway = gateway()?;
    let open = |headers: &[(&str, &str)]| open_websocket(gateway.addr, CONSOLE, headers);
    for (headers, expected) in [
        (&[("origin", EVIL)][..], 403),
        (&[("origin", "null")], 403),
        (&[("origin", PAGE)], 200),
        (&[("origin", "http://api.novasphere.io")], 200),
        (&[], 200),
    ] {
        let status = open(headers)?;
        ensure!(status == expected, "{headers:?}: {status}");
    }
    chain::ensure_no_trap(&gateway.envoy)
}

#[test]
fn post_from_disallowed_origin_is_refused() -> Result<()> {
    let gateway = gateway()?;
    let post = |origin: &str| {
        let request = Request::new("POST", "/echo").header("origin", origin).body("x=1");
        gateway.send(&request)
    };
    let refused = post(EVIL)?;
    ensure!(refused.head.status == 403, "{refused:?}");
    ensure!(refused.text() == r#"{"message":"Origin not allowed"}"#, "{refused:?}");
    ensure!(refused.head.first("access-control-allow-origin").is_none(), "{refused:?}");
    for origin in [PAGE, "http://api.novasphere.io"] {
        ensure!(post(origin)?.head.status == 200, "{origin}");
    }
    Ok(())
}
