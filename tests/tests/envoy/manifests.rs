//! The filters as the Kubernetes manifests configure them.

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Console, HOST, Request, Response},
    envoy::{Envoy, EnvoyConfig, Listener, Substitutions, WasmFilter},
    paths::repository,
    standin::Standin,
};
use novasphere_tests::{
    manifests::{envoy_gateway, istio},
    shipped::{Configured, quota},
};

const WUKONGS: &str = "/api/v1/wukongs";

fn with_token(request: Request) -> Result<Request> {
    Ok(request.header("authorization", format!("Bearer {}", chain::good_token()?)))
}

/// Rejections have security headers too.
fn ensure_rejected(response: &Response) -> Result<()> {
    ensure!(response.head.status == 401, "{response:?}");
    ensure!(response.head.all("x-content-type-options") == ["nosniff"], "{response:?}");
    Ok(())
}

/// Starts a gateway whose listeners run the filters.
fn start(listeners: &[(String, Vec<Configured>)]) -> Result<(Envoy, Standin)> {
    let standin = Standin::start()?;
    let listeners = listeners.iter().map(|(name, filters)| {
        let wasm = filters.iter().map(|c| WasmFilter::new(&c.filter, c.config.to_string()));
        Listener::new(name.clone(), wasm.collect())
    });
    let config = EnvoyConfig {
        environment: chain::environment()?,
        ..EnvoyConfig::new(standin.addr, listeners.collect())
    };
    Ok((Envoy::start(&config)?, standin))
}

#[test]
fn deployed_envoy_file_serves() -> Result<()> {
    let standin = Standin::start()?;
    let substitutions = Substitutions::new(standin.addr, chain::environment()?);
    let file = repository().join("deploy/envoy/envoy.yaml");
    let envoy = Envoy::start_file(&file, &substitutions)?;
    let gateway = envoy.listener("gateway")?;
    for request in [Request::get("/api/v1/healthz"), with_token(Request::get(WUKONGS))?] {
        let response = client::send(gateway, &request)?;
        ensure!(response.head.status == 200, "{request:?} got {response:?}");
    }
    ensure_rejected(&client::send(gateway, &Request::get(WUKONGS))?)?;
    // The status listener serves only two pages of the admin interface, read-only.
    let status = envoy.listener("status")?;
    for request in [
        Request::get("/quitquitquit"),
        Request::get("/ready/../quitquitquit"),
        Request::new("POST", "/ready"),
        Request::new("POST", "/quitquitquit"),
    ] {
        let response = client::send(status, &request)?;
        ensure!(response.head.status == 404, "{request:?} got {response:?}");
    }
    chain::ensure_no_trap(&envoy)
}

/// The policy of all routes except the console.
const API: &str = "novasphere-gateway-envoy-gateway";

#[test]
fn envoy_gateway_policies_serve() -> Result<()> {
    let policies = envoy_gateway()?;
    let (envoy, _standin) = start(&policies)?;
    let send = |name: &str, request: &Request| client::send(envoy.listener(name)?, request);
    for (name, _) in &policies {
        let response = send(name, &with_token(Request::get(WUKONGS))?)?;
        ensure!(response.head.status == 200, "{name}: {response:?}");
        ensure_rejected(&send(name, &Request::get(WUKONGS))?).with_context(|| name.clone())?;
    }
    let forged = Request::get("/api/v1/healthz").header("x.user.id", "root");
    let health = send(API, &forged)?;
    ensure!(health.head.status == 200 && quota(&health, 60).is_none(), "{health:?}");
    ensure!(!health.text().contains("root"), "{health:?}");
    for spelling in [WUKONGS, "/api/v1/wukongs;x"] {
        let post = with_token(Request::new("POST", spelling).body("{}"))?;
        let strict = send(API, &post)?;
        ensure!(quota(&strict, 60).as_deref() == Some("10"), "{spelling}: {strict:?}");
    }
    let target = format!("{WUKONGS}/sun/console/ws?token={}", chain::good_token()?);
    let open = |name: &str| Console::open(envoy.listener(name)?, &target, &[("host", HOST)]);
    open("novasphere-gateway-envoy-gateway-console")?.close()?;
    ensure!(open(API).is_err(), "a token in the query is accepted on every route");
    chain::ensure_no_trap(&envoy)
}

#[test]
fn istio_plugins_serve() -> Result<()> {
    let (envoy, _standin) = start(&[("gateway".to_owned(), istio()?)])?;
    let addr = envoy.listener("gateway")?;
    for _ in 0..120 {
        let response = client::send(addr, &Request::get("/api/v1/healthz"))?;
        ensure!(response.head.status == 200, "{response:?}");
    }
    ensure_rejected(&client::send(addr, &Request::get(WUKONGS))?)?;
    for target in ["/api/v1/healthz/../wukongs", "/api/v1/healthzXYZ"] {
        let response = client::send(addr, &Request::get(target))?;
        ensure!(matches!(response.head.status, 400 | 401), "{target}: {response:?}");
    }
    let get = client::send(addr, &with_token(Request::get(WUKONGS))?)?;
    ensure!(get.head.status == 200 && quota(&get, 60).as_deref() == Some("100"), "{get:?}");
    let post = with_token(Request::new("POST", WUKONGS).body("{}"))?;
    let post = client::send(addr, &post)?;
    ensure!(quota(&post, 60).as_deref() == Some("10"), "{post:?}");
    let target = format!("{WUKONGS}/sun/console/ws?token={}", chain::good_token()?);
    Console::open(addr, &target, &[("host", HOST)]).context("console")?.close()?;
    chain::ensure_no_trap(&envoy)
}
