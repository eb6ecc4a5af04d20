//! Writers of the formats to convert to.
//!
//! - `envoy`, `kong`, `envoy_gateway`, `traefik`, `filters`: one format each;
//! - `key_sets`: the upstreams of fetched keys;
//! - `kong_settings`: settings that only Kong has;
//! - `listeners`: the listener of an output for another proxy than Envoy;
//! - `ids`: ids of entities that have none.

mod envoy;
mod envoy_gateway;
mod filters;
mod ids;
mod key_sets;
mod kong;
mod kong_settings;
mod listeners;
mod traefik;

use super::{
    model::{Gateway, closed},
    report::Report,
};

/// A format to convert to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// A bootstrap of Envoy 1.39 or later, with the gateway filter for each route.
    Envoy,
    /// Kong's declarative configuration, with the gateway filter for each service.
    Kong,
    /// Resources of Envoy Gateway.
    EnvoyGateway,
    /// Traefik's dynamic configuration, with plugins and native middlewares.
    Traefik,
    /// Only the configurations of the gateway filter.
    Filters,
}

/// The text of the configuration.
pub fn write(target: Target, gateway: &Gateway, report: &mut Report) -> String {
    let gateway = key_sets::adapted(target, gateway, report);
    if target != Target::Kong {
        kong_settings::report(&gateway, report);
    }
    if target != Target::Traefik {
        let buckets = gateway.routes.iter().flat_map(|route| &route.chain.buckets);
        buckets.for_each(|bucket| report.changed(&bucket.place, bucket.message.as_str()));
        report_addresses(&gateway, report);
    }
    let gateway = match target {
        Target::Envoy | Target::Filters => gateway,
        _ => listeners::one(gateway, report),
    };
    match target {
        Target::Envoy => envoy::write(&gateway, report),
        Target::Kong => kong::write(&closed(&gateway), report),
        Target::EnvoyGateway => envoy_gateway::write(gateway, report),
        Target::Traefik => traefik::write(closed(&gateway), report),
        Target::Filters => filters::write(&gateway),
    }
}

/// Reports what the check of addresses costs the limits, and the clients that pass it.
fn report_addresses(gateway: &Gateway, report: &mut Report) {
    for route in gateway.routes.iter().filter(|route| route.chain.loses_reports()) {
        let message = format!(
            "route {}: limits that only report, because report_only also admits all addresses",
            route.name
        );
        report.left_out(&route.place, message);
    }
    for route in gateway.routes.iter().filter(|route| route.chain.admits_unknown_addresses()) {
        let message = format!(
            "route {}: clients without an address, behind a Unix socket, pass rate_limit.deny",
            route.name
        );
        report.changed(&route.place, message);
    }
}

/// The first lines of an output.
fn header(what: &str, gateway: &Gateway) -> Vec<String> {
    let mut lines = vec![what.to_owned()];
    let variables = variables(gateway);
    if !variables.is_empty() {
        lines.push(format!("Variables to set in its environment: {}.", variables.join(", ")));
    }
    lines
}

/// The environment variables that the filters of all routes read.
fn variables(gateway: &Gateway) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for route in &gateway.routes {
        for name in route.chain.variables() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort();
    names
}

/// The identity headers that only jwt-auth may set, in lower case.
fn identity_headers(gateway: &Gateway) -> Vec<String> {
    let own = [
        "x-consumer-id",
        "x-consumer-custom-id",
        "x-consumer-username",
        "x-credential-identifier",
        "x-anonymous-consumer",
    ];
    let mut names: Vec<String> = Vec::new();
    for config in gateway.routes.iter().filter_map(|route| route.chain.jwt_auth.as_ref()) {
        for entry in config.items("claims_to_headers").iter().filter_map(|item| item.as_map()) {
            let name = entry.text("header").unwrap_or_default().to_ascii_lowercase();
            if !entry.is_true("keep_inbound") && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort();
    let has_jwt = gateway.routes.iter().any(|route| route.chain.jwt_auth.is_some());
    if has_jwt {
        names.extend(own.into_iter().map(str::to_owned));
    }
    names
}
