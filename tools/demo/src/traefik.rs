//! The tour in Traefik, which runs two of the filters. CORS and limits are its own middlewares.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use novasphere_harness::{
    chain,
    client::{self, Request},
    standin::Standin,
    traefik::{Bucket, Plugin, Router, Traefik, TraefikConfig},
};
use serde_json::json;

use crate::{
    say,
    story::{expect_status, print_request, print_response, title},
    tour::{Tour, WUKONGS, number},
};

/// Runs all scenes.
pub fn run() -> Result<()> {
    say("Starting Traefik with host-config/traefik, and a stand-in for novasphere-api...");
    let standin = Standin::start()?;
    let traefik = Traefik::start_shipped(standin.addr, &chain::environment()?)?;
    let tour = Tour::of(traefik.addr)?;
    say("Traefik serves. It runs jwt-auth and the request rules of header-transform as filters;\n\
         CORS and limits are its own middlewares.");
    tour.tokens()?;
    tour.origins(200)?;
    tour.streams()?;
    limit(&tour)?;
    bad_configuration(standin.addr)
}

fn limit(tour: &Tour) -> Result<()> {
    title("100 requests pass at once, then one every 0.6 s (Traefik's own middleware)");
    let request = tour.authorized(Request::get(WUKONGS));
    let mut bucket = Bucket::full();
    let refused = bucket.first_rejection(|_| client::send(tour.gateway, &request))?;
    say(&format!("   {} more requests passed", bucket.passed()));
    print_response(&refused.head, &["retry-after"]);
    expect_status(&refused, 429)?;
    number(&refused, "retry-after").map(|_| ())
}

fn bad_configuration(upstream: SocketAddr) -> Result<()> {
    title("An invalid configuration closes its route, and the log lists all errors");
    let config = json!({"credentials": [], "leeway": "soon", "audience": ["api"]});
    say(&format!("   jwt-auth: {config}"));
    let plugin = Plugin::of_fields("jwt-auth", config);
    let router = Router::for_all("gateway", vec![plugin]);
    let traefik = Traefik::start(&TraefikConfig::new(upstream, vec![router]))?;
    let log = traefik.log()?;
    let errors = log.iter().filter_map(|line| line.text.split_once("configuration refused: "));
    let errors: Vec<_> = errors.map(|(_, fault)| fault).collect();
    for field in ["credentials", "leeway", "audience"] {
        let fault = errors.iter().find(|fault| fault.starts_with(&format!("{field}:")));
        say(&format!("   < {}", fault.with_context(|| format!("no error for {field}"))?));
    }
    let request = Request::get(WUKONGS);
    print_request(&request);
    let response = traefik.send(&request)?;
    print_response(&response.head, &[]);
    expect_status(&response, 500)
}
