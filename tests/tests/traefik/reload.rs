//! Configurations change under load, and an invalid one closes only its route.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request},
    standin::Standin,
    traefik::{Plugin, Router, Traefik},
};
use serde_json::{Value, json};

use crate::{Gateway, config};

fn generation(n: usize) -> Router {
    let rules = json!({"request": {"add": {"headers": [format!("x-generation:{n}")]}}});
    Router::for_all("api", vec![Plugin::of_fields("header-transform", rules)])
}

/// The generation that the filter wrote into the upstream request.
fn generation_seen(response: &client::Response) -> Result<usize> {
    let body = response.json()?;
    let lines = body.get("headers").and_then(Value::as_array).context("no headers")?;
    let value = lines.iter().find_map(|line| {
        (line.get(0)? == "x-generation").then(|| line.get(1)?.as_str()?.parse().ok()).flatten()
    });
    value.with_context(|| format!("the filter did not run: {response:?}"))
}

#[test]
fn reload_fails_no_request() -> Result<()> {
    let standin = Standin::start()?;
    let mut traefik = Traefik::start(&config(&standin, vec![generation(1)])?)?;
    let addr = traefik.addr;
    let (stop, newest, sent) = (AtomicBool::new(false), AtomicUsize::new(1), AtomicUsize::new(0));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        let oldest = newest.load(Relaxed).saturating_sub(1);
                        let response = client::send(addr, &Request::get("/api/v1/wukongs"))?;
                        ensure!(response.head.status == 200, "{response:?}");
                        ensure!(
                            generation_seen(&response)? >= oldest,
                            "an old configuration is in use again"
                        );
                        sent.fetch_add(1, Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let changes = (2..8).try_for_each(|n| {
            traefik.reload(&config(&standin, vec![generation(n)])?)?;
            newest.store(n, Relaxed);
            let response = traefik.send(&Request::get("/api/v1/wukongs"))?;
            ensure!(generation_seen(&response)? == n, "{response:?}");
            Ok(())
        });
        stop.store(true, Relaxed);
        for client in clients {
            client.join().expect("a client panicked")?;
        }
        changes
    })?;
    ensure!(sent.load(Relaxed) > 50, "only {} requests", sent.load(Relaxed));
    traefik.ensure_no_trap()
}

#[test]
fn invalid_reload_closes_only_its_route() -> Result<()> {
    let mut gateway = Gateway::with_routers(Vec::new())?;
    let other = || Ok::<_, anyhow::Error>(Router::new("other", "Path(`/echo`)", chain::plugins()?));
    let jwt_auth = |leeway: Value| {
        let mut config: Value = serde_json::from_str(chain::JWT_AUTH)?;
        config.as_object_mut().context("an object")?.insert("leeway".to_owned(), leeway);
        let plugins = vec![Plugin::of_fields("jwt-auth", config)];
        Ok::<_, anyhow::Error>(Router::new("api", "PathPrefix(`/api`)", plugins))
    };
    let good = chain::good_request()?;
    let echo = Request { target: b"/echo".to_vec(), ..good.clone() };
    for (leeway, status) in [(json!(5), 200), (json!("soon"), 500), (json!("6"), 200)] {
        let config = config(&gateway.standin, vec![jwt_auth(leeway.clone())?, other()?])?;
        gateway.traefik.reload(&config)?;
        let got = gateway.send(&good)?.head.status;
        ensure!(got == status, "leeway {leeway}: {got}");
        ensure!(gateway.send(&Request::get("/api/v1/wukongs"))?.head.status != 200, "{leeway}");
        ensure!(gateway.send(&echo)?.head.status == 200, "{leeway}: the other route is closed");
    }
    let fault = "leeway: expected a whole number of seconds from 0 to 3,600, got \"soon\"";
    let log = gateway.traefik.log()?;
    let logged = log.iter().find(|line| line.text.contains(fault)).context("not in the log")?;
    ensure!(logged.router.as_deref() == Some("api") && logged.level == "error", "{logged:?}");
    gateway.traefik.ensure_no_trap()
}

#[test]
fn changed_secret_invalidates_old_tokens() -> Result<()> {
    let mut gateway = Gateway::with_routers(Vec::new())?;
    let router = |secret: Value| {
        let config = json!({"credentials": [{"key": "novasphere-user", "secret": secret}]});
        Router::for_all("api", vec![Plugin::of_fields("jwt-auth", config)])
    };
    let old = json!({"env": "NOVASPHERE_JWT_SECRET"});
    for (secret, status) in [(old.clone(), 200), (json!("n".repeat(64)), 401), (old, 200)] {
        gateway.traefik.reload(&config(&gateway.standin, vec![router(secret)])?)?;
        // Twice: a cache would serve the second request.
        for _ in 0..2 {
            ensure!(gateway.send(&chain::good_request()?)?.head.status == status);
        }
    }
    gateway.traefik.ensure_no_trap()
}
