//! Routes that Envoy Gateway cannot express, or tries in another order.

use std::cmp::Reverse;

use super::{answers::BLOCKED, object_name, routes::path_entry};
use crate::convert::{
    model::{
        Action, Entry, Gateway, HostClass, NewPath, PathMatch, Route, block_misplaced,
        block_overlapping,
    },
    report::Report,
};

/// The gateway with routes that Envoy Gateway tries in the order of the input.
pub(super) fn prepared(mut gateway: Gateway, report: &mut Report) -> Gateway {
    for route in &mut gateway.routes {
        if let Some(reason) = unsupported(route) {
            route.block(&reason, report);
        }
    }
    block_mixed_tls(&mut gateway, report);
    without_open_hosts(&mut gateway, report);
    align_kinds(&mut gateway);
    block_misplaced(&mut gateway, "Envoy Gateway", key, report);
    name_objects(&mut gateway);
    gateway
}

/// Gives each route and each service the name of an object. Kubernetes would keep only the last of
/// several objects with one name.
fn name_objects(gateway: &mut Gateway) {
    let routes = gateway.routes.iter_mut().map(|route| &mut route.name);
    let mut used = vec![BLOCKED.to_owned()];
    routes.for_each(|name| make_unique(name, &mut used));
    let services = gateway.services.iter_mut().map(|service| &mut service.name);
    let mut used = Vec::new();
    services.for_each(|name| make_unique(name, &mut used));
}

fn make_unique(name: &mut String, used: &mut Vec<String>) {
    let stem: String = object_name(name).chars().take(240).collect();
    let numbered = (2_u32..).map(|n| format!("{stem}-{n}"));
    let mut names = std::iter::once(object_name(name)).chain(numbered);
    if let Some(unused) = names.find(|name| !used.contains(name)) {
        used.push(unused.clone());
        *name = unused;
    }
}

/// Blocks the routes with TLS beside routes without: their requests without TLS would match others.
fn block_mixed_tls(gateway: &mut Gateway, report: &mut Report) {
    if gateway.routes.iter().all(|route| route.requires_tls) {
        return;
    }
    for route in gateway.routes.iter_mut().filter(|route| route.requires_tls) {
        route.requires_tls = false;
        route.block("its requests without TLS would match other HTTPRoutes", report);
    }
}

/// Why Envoy Gateway has no counterpart of a redirect.
fn unsupported(route: &Route) -> Option<String> {
    let Action::Redirect(redirect) = &route.action else { return None };
    let is_prefix = route.paths.iter().all(|path| matches!(path, PathMatch::Segments(_)));
    if redirect.strip_query {
        return Some("redirects of HTTPRoutes keep the query".to_owned());
    }
    let needs_prefix = matches!(redirect.path, Some(NewPath::Prefix(_)));
    (needs_prefix && !is_prefix)
        .then(|| "HTTPRoutes only replace prefixes of whole segments".to_owned())
}

/// Removes the hosts that end with `*`, which HTTPRoutes cannot express, and blocks the routes that
/// would match their requests.
fn without_open_hosts(gateway: &mut Gateway, report: &mut Report) {
    let mut lost: Vec<Route> = Vec::new();
    for route in &mut gateway.routes {
        if route.hosts.iter().any(|host| host.ends_with('*')) {
            let mut open = route.clone();
            open.hosts.retain(|host| host.ends_with('*'));
            lost.push(open);
            route.hosts.retain(|host| !host.ends_with('*'));
            let message = format!("route {}: host names that end with .*", route.name);
            report.left_out(&route.place, message);
        }
    }
    let is_gone =
        |route: &Route| route.hosts.is_empty() && lost.iter().any(|l| l.name == route.name);
    gateway.routes.retain(|route| !is_gone(route));
    for open in &lost {
        let reason = format!("it would match requests of route {}, which is left out", open.name);
        block_overlapping(gateway, open, &reason, report);
    }
}

/// Writes prefixes as expressions beside other expressions, which Envoy Gateway would try first.
fn align_kinds(gateway: &mut Gateway) {
    let is_expression =
        |path: &PathMatch| path_entry(path).text("type") == Some("RegularExpression");
    if !gateway.routes.iter().flat_map(|route| &route.paths).any(is_expression) {
        return;
    }
    // Only a prefix can be replaced.
    let replaces = |route: &Route| route.strip_path || matches!(route.action, Action::Redirect(_));
    for route in gateway.routes.iter_mut().filter(|route| !replaces(route)) {
        for path in route.paths.iter_mut().filter(|path| !path.is_any()) {
            if let PathMatch::Segments(_) = path {
                *path = PathMatch::Regex(path.whole_regex());
            }
        }
    }
}

/// The order of Envoy Gateway: by host, then exact paths, expressions, prefixes, each by length, and
/// of equal paths those with a method (internal/gatewayapi/sort.go).
fn key(entry: &Entry<'_>) -> (HostClass, u8, Reverse<usize>, bool) {
    let path = entry.path.map(path_entry).unwrap_or_default();
    let kind = match path.text("type") {
        Some("Exact") => 0,
        Some("RegularExpression") => 1,
        _ => 2,
    };
    let length = path.text("value").map_or(1, str::len);
    (entry.host_class(), kind, Reverse(length), entry.route.methods.is_empty())
}
