//! Kong's declarative configuration: one filter chain with the gateway filter for each service.

use super::{header, ids::id};
use crate::convert::{
    model::{Chain, Gateway, PathMatch, Route, Service, in_order},
    yaml::{Map, document},
};

/// The text of kong.yml.
pub(super) fn write(gateway: &Gateway) -> String {
    let mut services = Vec::new();
    let mut upstreams = Vec::new();
    let order = Order::new(gateway);
    let mut names: Vec<String> =
        gateway.services.iter().map(|service| service.name.clone()).collect();
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
            let name = match n {
                0 => service.name.clone(),
                _ => unused(&service.name, &mut names),
            };
            let id = service.id.as_deref().filter(|_| n == 0);
            services.push(service_entry(service, (&name, id), chain, (routes, &order)));
        }
        upstreams.extend(upstream(service));
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
    (routes, order): (&[&Route], &Order),
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
    entry.set("routes", routes.iter().map(|route| route_entry(route, order)).collect::<Vec<_>>());
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

/// The order of routes in which the input names one.
struct Order {
    /// Names of routes, the first one first. Empty if Kong's own order is the right one.
    names: Vec<String>,
}

impl Order {
    fn new(gateway: &Gateway) -> Self {
        let mut names: Vec<String> = Vec::new();
        if gateway.is_ordered {
            for (route, _) in in_order(gateway) {
                if !names.contains(&route.name) {
                    names.push(route.name.clone());
                }
            }
        }
        Self { names }
    }

    /// The priority of a route among expressions. `None` if it keeps its own.
    fn priority(&self, route: &Route) -> Option<i64> {
        let index = self.names.iter().position(|name| *name == route.name)?;
        i64::try_from(self.names.len().saturating_sub(index)).ok()
    }
}

fn route_entry(route: &Route, order: &Order) -> Map {
    let mut entry = Map::new()
        .with("id", route.id.clone().unwrap_or_else(|| id("route", &route.name)))
        .with("name", route.name.as_str());
    entry.set_list("hosts", route.hosts.clone());
    let priority = order.priority(route);
    let paths = route.paths.iter().map(|path| match path {
        // Kong tries expressions before prefixes, and only expressions have priorities.
        PathMatch::Prefix(_) | PathMatch::Segments(_) if priority.is_some() && path.is_any() => {
            "~/".to_owned()
        }
        PathMatch::Prefix(_) if priority.is_some() => format!("~{}", path.start_regex()),
        path => kong_path(path),
    });
    let mut paths: Vec<String> = paths.collect();
    if paths.is_empty() && priority.is_some() {
        paths.push("~/".to_owned());
    }
    entry.set_list("paths", paths);
    entry.set_list("methods", route.methods.clone());
    let priority = priority.unwrap_or(route.regex_priority);
    if priority != 0 {
        entry.set("regex_priority", priority);
    }
    entry.set("strip_path", route.strip_path);
    entry.set("preserve_host", route.preserve_host);
    entry.extend(&route.kong);
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
