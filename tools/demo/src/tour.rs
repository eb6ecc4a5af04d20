//! The tour: the shipped configurations in the real Envoy.

use std::{net::SocketAddr, thread};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{
    chain,
    client::{self, Console, EventStream, Request, Response},
    clock,
    envoy::{self, Envoy, EnvoyConfig, Listener, Substitutions},
    paths::repository,
    standin::Standin,
};
use serde_json::json;

use crate::{
    say,
    story::{expect_header, expect_status, expect_upstream, print_request, print_response, title},
    token, traefik,
};

pub const WUKONGS: &str = "/api/v1/wukongs";
const PAGE: &str = "https://app.novasphere.io";

/// Runs all scenes. Fails at the first unexpected response.
pub fn run(host: &str) -> Result<()> {
    match host {
        "envoy" => through_envoy()?,
        "traefik" => traefik::run()?,
        other => bail!("expected HOST=envoy or HOST=traefik, got {other:?}"),
    }
    say("\nAll responses are as expected.");
    Ok(())
}

fn through_envoy() -> Result<()> {
    say("Starting Envoy with host-config/envoy/all.yaml, and a stand-in for novasphere-api...");
    let standin = Standin::start()?;
    let file = repository().join("host-config/envoy/all.yaml");
    let environment = chain::environment()?;
    let envoy = Envoy::start_file(&file, &Substitutions::new(standin.addr, environment))?;
    let tour = Tour::of(envoy.listener("gateway")?)?;
    say(&format!("Envoy serves on {}.", tour.gateway));
    tour.tokens()?;
    tour.origins(204)?;
    tour.streams()?;
    tour.limit()?;
    bad_configuration(standin.addr)
}

/// The scenes of all proxies.
pub struct Tour {
    pub gateway: SocketAddr,
    good: String,
}

impl Tour {
    /// Prepares the scenes for a gateway.
    pub fn of(gateway: SocketAddr) -> Result<Self> {
        Ok(Self { gateway, good: token(json!({"exp": "now+3600"}))? })
    }

    fn ask(&self, request: &Request, names: &[&str]) -> Result<Response> {
        print_request(request);
        let response = client::send(self.gateway, request)?;
        print_response(&response.head, names);
        Ok(response)
    }

    pub fn authorized(&self, request: Request) -> Request {
        request.header("authorization", format!("Bearer {}", self.good))
    }

    pub fn tokens(&self) -> Result<()> {
        title("Without a token: 401 and a challenge (RFC 6750)");
        let response = self.ask(&Request::get(WUKONGS), &["www-authenticate"])?;
        expect_status(&response, 401)?;
        expect_header(&response.head, "www-authenticate", Some("Bearer"))?;

        title("With a valid token: 200, and the upstream gets the identity");
        let response = self.ask(&self.authorized(Request::get(WUKONGS)), &[])?;
        expect_status(&response, 200)?;
        expect_upstream(&response, "x-user-id", &["alice"])?;
        expect_upstream(&response, "x-forwarded-by", &["novasphere"])?;

        title("Forged identity headers are removed; X-Client-Type passes");
        let forged = Request::get(WUKONGS)
            .header("x-user-id", "root")
            .header("x-consumer-username", "admin")
            .header("x-client-type", "electron");
        let response = self.ask(&self.authorized(forged), &[])?;
        expect_status(&response, 200)?;
        expect_upstream(&response, "x-user-id", &["alice"])?;
        expect_upstream(&response, "x-consumer-username", &[])?;
        expect_upstream(&response, "x-client-type", &["electron"])?;

        title("An expired token: 401");
        let expired = format!("Bearer {}", token(json!({"exp": "now-60"}))?);
        let request = Request::get(WUKONGS).header("authorization", expired);
        let response = self.ask(&request, &["www-authenticate"])?;
        expect_status(&response, 401)?;
        let challenge = Some("Bearer error=\"invalid_token\"");
        expect_header(&response.head, "www-authenticate", challenge)?;

        title("The health check needs no token, and does not bypass authentication");
        expect_status(&self.ask(&Request::get("/api/v1/healthz"), &[])?, 200)?;
        for target in ["/api/v1/healthz/../wukongs", "/api/v1/healthz/%2e%2e/wukongs"] {
            expect_status(&self.ask(&Request::get(target), &[])?, 401)?;
        }
        Ok(())
    }

    /// Expects `status` in response to preflights.
    pub fn origins(&self, status: u16) -> Result<()> {
        const ALLOW: &str = "access-control-allow-origin";
        let preflight = |origin: &str| {
            Request::new("OPTIONS", WUKONGS)
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization")
        };
        title("A preflight from an allowed origin needs no token");
        let names = [ALLOW, "access-control-allow-methods", "access-control-allow-headers", "vary"];
        let response = self.ask(&preflight(PAGE), &names)?;
        expect_status(&response, status)?;
        expect_header(&response.head, ALLOW, Some(PAGE))?;

        title("A page on a disallowed origin gets no Access-Control-Allow-Origin");
        let response = self.ask(&preflight("https://app.novasphere.io.evil.example"), &names)?;
        expect_status(&response, status)?;
        expect_header(&response.head, ALLOW, None)?;

        title("A page on an allowed origin can read a 401");
        let response = self.ask(&Request::get(WUKONGS).header("origin", PAGE), &[ALLOW])?;
        expect_status(&response, 401)?;
        expect_header(&response.head, ALLOW, Some(PAGE))
    }

    pub fn streams(&self) -> Result<()> {
        title("Server-sent events arrive one by one");
        let request = self.authorized(Request::get(format!("{WUKONGS}/sun/events?count=4&open=1")));
        print_request(&request);
        let mut events = EventStream::open(self.gateway, &request)?;
        print_response(&events.head, &["content-type"]);
        let start = clock::unix_millis();
        // The stream stays open, so a buffer would hold the last event back.
        for n in 1..=4 {
            let event = events.next_event()?.with_context(|| format!("no event {n}"))?;
            let after = event.arrived_at_ms.saturating_sub(start);
            say(&format!("   < after {after:3} ms: {}", event.data));
        }

        title("A WebSocket authenticates with ?token=, which the upstream does not get");
        let target = format!("{WUKONGS}/sun/console/ws?token={}", self.good);
        print_request(&Request::get(&target));
        let mut console = Console::open(self.gateway, &target, &[("host", client::HOST)])?;
        console.say("hello from the console")?;
        let heard = console.hear()?;
        say(&format!("   < 101\n   < {heard}"));
        ensure!(heard == "hello from the console", "unexpected echo {heard:?}");
        console.close()?;

        let target = format!("{WUKONGS}?token={}&page=2", self.good);
        let response = self.ask(&Request::get(&target), &[])?;
        expect_status(&response, 200)?;
        let path = response.json()?.get("path").cloned().unwrap_or_default();
        say(&format!("   upstream got {path}"));
        ensure!(path == json!("/api/v1/wukongs?page=2"), "unexpected target upstream: {path}");
        Ok(())
    }

    /// Repeats the count if the minute ends meanwhile.
    fn limit(&self) -> Result<()> {
        title("100 requests a minute pass, and the next one gets 429");
        let request = self.authorized(Request::get(WUKONGS));
        for _ in 0..3 {
            let first = client::send(self.gateway, &request)?;
            let left = remaining(&first)?;
            let mut passed = 0;
            let refused = loop {
                let response = client::send(self.gateway, &request)?;
                if response.head.status != 200 {
                    break response;
                }
                passed += 1;
                ensure!(passed <= 200, "no request got 429");
            };
            if first.head.status == 200 && passed == left {
                say(&format!(
                    "   100 requests passed in this minute, {left} of them in this scene"
                ));
                return check_refusal(&refused);
            }
            say("   the minute ended; trying again");
            let wait = number(&refused, "retry-after")?;
            thread::sleep(std::time::Duration::from_secs(wait));
        }
        bail!("101 requests took longer than a minute, three times")
    }
}

fn check_refusal(refused: &Response) -> Result<()> {
    print_response(&refused.head, &["retry-after", "ratelimit", "ratelimit-policy"]);
    say(&format!("   < {}", refused.text()));
    expect_status(refused, 429)?;
    ensure!(remaining(refused)? == 0, "expected no remaining request");
    ensure!(number(refused, "retry-after")? >= 1, "expected Retry-After of at least 1");
    Ok(())
}

/// The remaining requests of the tightest window: `"minute";r=99;t=18`.
fn remaining(response: &Response) -> Result<u64> {
    let value = response.head.first("ratelimit").context("no ratelimit")?;
    let number = value.split(';').find_map(|part| part.strip_prefix("r="));
    number.and_then(|number| number.parse().ok()).with_context(|| value)
}

pub fn number(response: &Response, name: &str) -> Result<u64> {
    let value = response.head.first(name).with_context(|| format!("no {name}"))?;
    value.parse().with_context(|| format!("{name}: {value}"))
}

fn bad_configuration(upstream: SocketAddr) -> Result<()> {
    title("An invalid configuration is refused with a list of all errors");
    let config = r#"{"minut": 100, "hour": 0, "limit_by": "heder"}"#;
    say(&format!("   rate-limit: {config}"));
    let listener = Listener::new("gateway", chain::of(&[("rate-limit", config)]));
    let exit = envoy::validate(&EnvoyConfig::new(upstream, vec![listener]))?;
    ensure!(!exit.success, "Envoy accepted it");
    let errors: Vec<&str> = exit
        .log
        .lines()
        .filter_map(|line| line.split_once("configuration refused: ").map(|(_, fault)| fault))
        .collect();
    for field in ["minut", "hour", "limit_by"] {
        let fault = errors.iter().find(|fault| fault.starts_with(&format!("{field}:")));
        say(&format!("   < {}", fault.with_context(|| format!("no error for {field}"))?));
    }
    Ok(())
}
