//! Kong's declarative configuration: one filter chain with the gateway filter for each service.

use super::{header, ids::id};
use crate::convert::{
    model::{Chain, Gateway, PathMatch, Route, Service},
    report::Report,
    yaml::{Map, Yaml, document},
};

/// The text of kong.yml.
pub(super) fn write(gateway: &Gateway, report: &mut Report) -> String {
    let mut services = Vec::new();
    let mut upstreams = Vec::new();
    for (index, service) in gateway.services.iter().enumerate() {
        let routes: Vec<&Route> = gateway.routes.iter().filter(|r| r.service == index).collect();
        let mut chains: Vec<(&Chain, Vec<&Route>)> = Vec::new();
        for route in routes {
            match chains.iter_mut().find(|(chain, _)| **chain == route.chain) {
                Some((_, routes)) => routes.push(route),
                None => chains.push((&route.chain, vec![route])),
            }
        }
        for (n, (chain, routes)) in chains.iter().enumerate() {
            services.push(service_entry(service, n, chain, routes));
        }
        upstreams.extend(upstream(service));
    }
    for route in &gateway.routes {
        let has_jwks = route.chain.jwt_auth.as_ref().is_some_and(|c| !c.items("jwks").is_empty());
        if has_jwks {
            let message = format!(
                "route {}: Kong cannot hold requests: the first ones get 503 until the keys are there",
                route.name
            );
            report.changed(&route.place, message);
        }
    }
    let mut root = Map::new().with("_format_version", "3.0").with("services", services);
    root.set_list("upstreams", upstreams);
    let mut comments =
        header("Kong 3.5 to 3.9 without a database, with the gateway filter.", gateway);
    if comments.len() > 1 {
        comments.push("Name them in nginx_main_env, too.".to_owned());
    }
    document(&comments, &root)
}

/// A service with the routes that share a chain. Kong's own chains belong to services, because a
/// new service and its chain become active at different moments, unless both have known ids.
fn service_entry(service: &Service, n: usize, chain: &Chain, routes: &[&Route]) -> Map {
    let name = match n {
        0 => service.name.clone(),
        _ => format!("{}-{}", service.name, n.saturating_add(1)),
    };
    let own = service.id.clone().filter(|_| n == 0);
    let protocol = match (service.scheme.is_http2(), service.scheme.is_tls()) {
        (false, false) => "http",
        (false, true) => "https",
        (true, false) => "grpc",
        (true, true) => "grpcs",
    };
    let mut entry = Map::new()
        .with("id", own.unwrap_or_else(|| id("service", &name)))
        .with("name", name.as_str())
        .with("protocol", protocol)
        .with("host", host(service))
        .with("port", i64::from(service.port));
    if !service.base_path.is_empty() {
        entry.set("path", service.base_path.as_str());
    }
    entry.set_some("connect_timeout", service.connect_timeout_ms);
    entry.set_some("read_timeout", service.read_timeout_ms);
    if !chain.is_empty() {
        let filter = Map::new().with("name", "novasphere_gateway").with("config", chain.gateway());
        let chain = Map::new()
            .with("id", id("filter_chain", &name))
            .with("name", name.as_str())
            .with("filters", vec![filter]);
        entry.set("filter_chains", vec![chain]);
    }
    entry.set("routes", routes.iter().map(|route| route_entry(route)).collect::<Vec<_>>());
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

fn route_entry(route: &Route) -> Map {
    let mut entry = Map::new()
        .with("id", route.id.clone().unwrap_or_else(|| id("route", &route.name)))
        .with("name", route.name.as_str());
    entry.set_list("hosts", route.hosts.clone());
    let paths: Vec<Yaml> = route.paths.iter().map(|path| kong_path(path).into()).collect();
    entry.set_list("paths", paths);
    entry.set_list("methods", route.methods.clone());
    if route.regex_priority != 0 {
        entry.set("regex_priority", route.regex_priority);
    }
    entry.set("strip_path", route.strip_path);
    entry.set("preserve_host", route.preserve_host);
    entry
}

fn kong_path(path: &PathMatch) -> String {
    match path {
        PathMatch::Prefix(prefix) => prefix.clone(),
        PathMatch::Segments(prefix) if prefix == "/" => prefix.clone(),
        PathMatch::Segments(_) => format!("~{}(/|$)", path.start_regex()),
        PathMatch::Exact(_) | PathMatch::Regex(_) => format!("~{}$", path.whole_regex()),
        PathMatch::RegexStart(regex) => format!("~{}", regex),
    }
}
