//! Virtual hosts and routes.

use super::{
    answers,
    plugin::{self, NAME},
    seconds,
};
use crate::convert::{
    model::{Action, Chain, Gateway, PathMatch, Response, Route, virtual_hosts},
    report::Report,
    yaml::Map,
};

/// The route table.
pub(super) fn table(
    gateway: &Gateway,
    default: Option<&Chain>,
    variables: &[String],
    report: &mut Report,
) -> Map {
    let mut hosts = Vec::new();
    for (n, host) in virtual_hosts(gateway).into_iter().enumerate() {
        let needs = |(index, _): &(usize, Option<usize>)| {
            gateway.routes.get(*index).is_some_and(|route| route.requires_tls)
        };
        let needs_tls = !host.entries.is_empty() && host.entries.iter().all(needs);
        let mut routes = Vec::new();
        for (index, path) in &host.entries {
            let Some(route) = gateway.routes.get(*index) else { continue };
            let path = path.and_then(|path| route.paths.get(path));
            let mut entry = entry(gateway, route, path, needs_tls, report);
            if default.is_some_and(|default| route.chain != *default) {
                let config = plugin::of_route(&route.chain, variables);
                entry.set("typed_per_filter_config", Map::new().with(NAME, config));
            }
            routes.push(entry);
            if route.requires_tls && !needs_tls {
                routes.push(plain_entry(route, path));
            }
        }
        let name = host.domains.first().filter(|domain| *domain != "*");
        let name = name.cloned().unwrap_or_else(|| format!("virtual-host-{n}"));
        let mut entry = Map::new().with("name", name).with("domains", host.domains);
        if needs_tls {
            entry.set("require_tls", "ALL");
        }
        hosts.push(entry.with("routes", routes));
    }
    // A client may add any port to Host.
    Map::new()
        .with("name", "gateway")
        .with("ignore_port_in_host_matching", true)
        .with("virtual_hosts", hosts)
}

fn entry(
    gateway: &Gateway,
    route: &Route,
    path: Option<&PathMatch>,
    needs_tls: bool,
    report: &mut Report,
) -> Map {
    let mut matched = condition(route, path);
    if route.requires_tls && !needs_tls {
        // Envoy sets this header itself.
        let https = Map::new().with("exact", "https");
        let header = Map::new().with("name", "x-forwarded-proto").with("string_match", https);
        matched.push("headers", header);
    }
    let mut entry = Map::new().with("name", route.name.as_str()).with("match", matched);
    match &route.action {
        Action::Forward => entry.set("route", forward(gateway, route, path, report)),
        Action::Block => {
            entry.set("direct_response", answers::response(&Response::blocked()));
            entry.comment("direct_response", "Blocked: the report has the reason.");
        }
        Action::Respond(response) => entry.set("direct_response", answers::response(response)),
        Action::Redirect(redirect) => entry.set("redirect", answers::redirect(redirect)),
    }
    entry
}

/// Redirects the requests without TLS of a route with TLS, which would match other routes.
fn plain_entry(route: &Route, path: Option<&PathMatch>) -> Map {
    Map::new()
        .with("name", format!("{}-plain", route.name))
        .with("match", condition(route, path))
        .with("redirect", Map::new().with("https_redirect", true))
}

fn forward(gateway: &Gateway, route: &Route, path: Option<&PathMatch>, report: &mut Report) -> Map {
    let service = gateway.services.get(route.service);
    let mut action = Map::new();
    action.set_some("cluster", service.map(|service| service.name.as_str()));
    // Kong's and Traefik's limits are for silence, and streams must not end.
    action.set("timeout", "0s");
    let idle = service.and_then(|service| service.read_timeout_ms);
    action.set_some("idle_timeout", idle.map(seconds));
    if let Some(service) = service.filter(|_| !route.preserve_host) {
        action.set("host_rewrite_literal", service.authority());
    }
    let base = service.map(|service| service.base_path.as_str()).unwrap_or_default();
    if let Some((regex, substitution)) = rewrite(route, path, base) {
        let pattern = Map::new().with("regex", regex);
        let rewrite = Map::new().with("pattern", pattern).with("substitution", substitution);
        action.set("regex_rewrite", rewrite);
    }
    if let Some(PathMatch::Prefix(prefix)) = path
        && !prefix.ends_with('/')
    {
        let message =
            format!("route {}: the path {prefix} also matches paths such as {prefix}x", route.name);
        report.note(&route.place, message);
    }
    action
}

fn condition(route: &Route, path: Option<&PathMatch>) -> Map {
    let mut condition = Map::new();
    match path {
        None => condition.set("prefix", "/"),
        Some(path) if path.is_any() => condition.set("prefix", "/"),
        Some(PathMatch::Exact(path)) => condition.set("path", path.as_str()),
        Some(PathMatch::Prefix(prefix)) => condition.set("prefix", prefix.as_str()),
        Some(PathMatch::Segments(prefix)) => {
            condition.set("path_separated_prefix", prefix.trim_end_matches('/'));
        }
        Some(path @ (PathMatch::Regex(_) | PathMatch::RegexStart(_))) => {
            // RE2 names groups as Python does.
            let regex = path.whole_regex().replace("(?<", "(?P<");
            condition.set("safe_regex", Map::new().with("regex", regex));
        }
    }
    let method = match route.methods.as_slice() {
        [] => return condition,
        [one] => Map::new().with("exact", one.as_str()),
        several => Map::new().with("safe_regex", Map::new().with("regex", several.join("|"))),
    };
    let header = Map::new().with("name", ":method").with("string_match", method);
    condition.set("headers", vec![header]);
    condition
}

/// The expression and the new text for the start of the path. `None` if the path does not change.
fn rewrite(route: &Route, path: Option<&PathMatch>, base: &str) -> Option<(String, String)> {
    let start = path.filter(|_| route.strip_path).map(PathMatch::start_regex).unwrap_or_default();
    if start.is_empty() && base.is_empty() {
        return None;
    }
    Some((format!("^{start}/?").replace("(?<", "(?P<"), format!("{}/", base.replace('\\', r"\\"))))
}
