//! The story in Traefik, which runs two of the filters and does the rest itself.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain,
    client::{self, Request},
    standin::Standin,
    traefik::{Plugin, Router, Traefik, TraefikConfig},
};
use serde_json::json;

use crate::{
    say,
    story::{expect_status, print_answer, print_request, title},
    tour::{Tour, WUKONGS, number},
};

/// Tells it.
pub fn run() -> Result<()> {
    let standin = Standin::start()?;
    let traefik = Traefik::start_shipped(standin.addr, &chain::environment()?)?;
    let tour = Tour::of(traefik.addr)?;
    say(
        "Traefik runs host-config/traefik in front of a stand-in for novasphere-api. jwt-auth and\n\
         the request's side of header-transform are filters, CORS and limits are Traefik's own.",
    );
    tour.tokens()?;
    tour.origins(200)?;
    tour.streams()?;
    limit(&tour)?;
    bad_configuration(standin.addr)
}

/// A bucket fills up while it is emptied, so a few more may pass.
fn limit(tour: &Tour) -> Result<()> {
    title("100 requests pass at once, then one each 0.6 s; Traefik counts, not a filter");
    let request = tour.authorized(Request::get(WUKONGS));
    let mut passed = 0;
    let refused = loop {
        let response = client::send(tour.gateway, &request)?;
        if response.head.status != 200 {
            break response;
        }
        passed += 1;
        ensure!(passed <= 150, "no request is refused");
    };
    say(&format!("   {passed} more requests passed"));
    print_answer(&refused.head, &["retry-after"]);
    expect_status(&refused, 429)?;
    number(&refused, "retry-after").map(|_| ())
}

fn bad_configuration(upstream: SocketAddr) -> Result<()> {
    title("A configuration with mistakes closes its route, and the log says all of them");
    let config = json!({"credentials": [], "leeway": "soon", "audience": ["api"]});
    say(&format!("   jwt-auth: {config}"));
    let plugin = Plugin::of_fields("jwt-auth", config);
    let router = Router::for_all("gateway", vec![plugin]);
    let traefik = Traefik::start(&TraefikConfig::new(upstream, vec![router]))?;
    let log = traefik.log()?;
    let told = log.iter().filter_map(|line| line.text.split_once("configuration refused: "));
    let told: Vec<_> = told.map(|(_, fault)| fault).collect();
    for field in ["credentials", "leeway", "audience"] {
        let fault = told.iter().find(|fault| fault.starts_with(&format!("{field}:")));
        say(&format!("   < {}", fault.with_context(|| format!("nothing said of {field}"))?));
    }
    let request = Request::get(WUKONGS);
    print_request(&request);
    let response = traefik.send(&request)?;
    print_answer(&response.head, &[]);
    expect_status(&response, 404)
}
