//! Kong's declarative configuration: one filter chain with the gateway filter for each service.
//!
//! - `routes`: routes, and those that Kong answers itself;
//! - `order`: the order of the input in Kong's terms.

mod order;
mod routes;

use super::{header, ids::id};
use crate::convert::{
    model::{Action, Chain, Gateway, Route, Service},
    report::Report,
    yaml::{Map, document},
};

/// The text of kong.yml.
pub(super) fn write(gateway: &Gateway, report: &mut Report) -> String {
    let gateway = &order::prepared(gateway, report);
    let mut services = Vec::new();
    let mut upstreams = Vec::new();
    let mut names: Vec<String> =
        gateway.services.iter().map(|service| service.name.clone()).collect();
    for (index, service) in gateway.services.iter().enumerate() {
        let is_own = |r: &&Route| r.service == index && r.action == Action::Forward;
        let routes: Vec<&Route> = gateway.routes.iter().filter(is_own).collect();
        let mut chains: Vec<(&Chain, Vec<&Route>)> = Vec::new();
        for route in routes {
            match chains.iter_mut().find(|(chain, _)| **chain == route.chain) {
                Some((_, routes)) => routes.push(route),
                None => chains.push((&route.chain, vec![route])),
            }
        }
        for (n, (chain, routes)) in chains.iter().enumerate() {
            let name = match n {
                0 => service.name.clone(),
                _ => unused(&service.name, &mut names),
            };
            let id = service.id.as_deref().filter(|_| n == 0);
            services.push(service_entry(service, (&name, id), chain, routes));
        }
        upstreams.extend(upstream(service));
    }
    let mut root = Map::new().with("_format_version", "3.0").with("services", services);
    root.set_list("routes", gateway.routes.iter().filter_map(routes::answered).collect());
    root.set_list("upstreams", upstreams);
    let mut comments =
        header("Kong 3.5 to 3.9 without a database, with the gateway filter.", gateway);
    if comments.len() > 1 {
        comments.push("Name them in nginx_main_env, too.".to_owned());
    }
    document(&comments, &root)
}

/// A name that no service has yet.
fn unused(stem: &str, names: &mut Vec<String>) -> String {
    let mut numbered = (2_u32..).map(|n| format!("{stem}-{n}"));
    let name = numbered.find(|name| !names.contains(name)).unwrap_or_default();
    names.push(name.clone());
    name
}

/// A service with the routes that share a chain. Chains belong to services, because a new route and
/// its own chain become active at different moments.
fn service_entry(
    service: &Service,
    (name, own_id): (&str, Option<&str>),
    chain: &Chain,
    routes: &[&Route],
) -> Map {
    let protocol = match (service.scheme.is_http2(), service.scheme.is_tls()) {
        (false, false) => "http",
        (false, true) => "https",
        (true, false) => "grpc",
        (true, true) => "grpcs",
    };
    let mut entry = Map::new()
        .with("id", own_id.map_or_else(|| id("service", name), str::to_owned))
        .with("name", name)
        .with("protocol", protocol)
        .with("host", host(service))
        .with("port", i64::from(service.port));
    if !service.base_path.is_empty() {
        entry.set("path", service.base_path.as_str());
    }
    entry.set_some("connect_timeout", service.connect_timeout_ms);
    entry.set_some("read_timeout", service.read_timeout_ms);
    entry.extend(&service.kong);
    if !chain.is_empty() {
        let filter = Map::new().with("name", "novasphere_gateway").with("config", chain.gateway());
        let chain = Map::new()
            .with("id", id("filter_chain", name))
            .with("name", name)
            .with("filters", vec![filter]);
        entry.set("filter_chains", vec![chain]);
    }
    entry.set("routes", routes.iter().map(|route| routes::entry(route)).collect::<Vec<_>>());
    entry
}

/// The host of a service, or the name of its upstream.
fn host(service: &Service) -> String {
    match service.endpoints.as_slice() {
        [one] if one.host == service.host && one.port == service.port => service.host.clone(),
        several if several.iter().all(|one| one.host != service.host) => service.host.clone(),
        _ => format!("{}.upstream", service.name),
    }
}

fn upstream(service: &Service) -> Option<Map> {
    let name = host(service);
    if service.endpoints.iter().any(|one| one.host == name) {
        return None;
    }
    let targets = service.endpoints.iter().map(|endpoint| {
        let target = match endpoint.host.contains(':') {
            true => format!("[{}]:{}", endpoint.host, endpoint.port),
            false => format!("{}:{}", endpoint.host, endpoint.port),
        };
        Map::new().with("target", target).with("weight", endpoint.weight)
    });
    Some(Map::new().with("name", name).with("targets", targets.collect::<Vec<_>>()))
}
