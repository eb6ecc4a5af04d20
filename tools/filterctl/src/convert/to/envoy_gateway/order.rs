//! Routes that Envoy Gateway cannot express, or tries in another order.

use std::cmp::Reverse;

use super::{answers::BLOCKED, limits, object_name, routes::path_entry};
use crate::convert::{
    model::{
        Action, Entry, Gateway, HostClass, NewPath, PathMatch, Route, Service, block_misplaced,
    },
    report::Report,
};

/// The gateway with routes that Envoy Gateway tries in the order of the input.
pub(super) fn prepared(mut gateway: Gateway, report: &mut Report) -> Gateway {
    for route in &mut gateway.routes {
        let service = gateway.services.get(route.service);
        if let Some(reason) = unsupported(route, service) {
            route.block(&reason, report);
        }
    }
    block_mixed_tls(&mut gateway, report);
    limits::without_unknown(&mut gateway, report);
    align_kinds(&mut gateway);
    block_misplaced(&mut gateway, "Envoy Gateway", key, report);
    limits::split(&mut gateway);
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

/// Why Envoy Gateway has no counterpart of a route.
fn unsupported(route: &Route, service: Option<&Service>) -> Option<String> {
    if let Some(fault) = limits::fault(route, service) {
        return Some(fault);
    }
    let is_prefix = |path: &PathMatch| match path {
        PathMatch::Segments(prefix) => limits::is_path(prefix),
        path => path.is_any(),
    };
    let are_prefixes = route.paths.iter().all(is_prefix);
    match &route.action {
        Action::Forward => {
            let has_base = service.is_some_and(|service| !service.base_path.is_empty());
            let is_whole = route.paths.iter().all(PathMatch::is_any);
            let replaces = route.strip_path || is_whole;
            // Without its part of the path, the upstream may serve what it does not serve now.
            let ends = |path: &PathMatch| match path {
                PathMatch::Exact(_) | PathMatch::Regex(_) => true,
                PathMatch::RegexStart(text) => text.ends_with('$'),
                _ => false,
            };
            let must_replace = has_base || (route.strip_path && route.paths.iter().any(ends));
            (must_replace && !(replaces && are_prefixes))
                .then(|| "HTTPRoutes only replace prefixes of whole segments".to_owned())
        }
        Action::Redirect(to) if to.strip_query => {
            Some("redirects of HTTPRoutes keep the query".to_owned())
        }
        Action::Redirect(to) => {
            let needs_prefix = matches!(to.path, Some(NewPath::Prefix(_)));
            (needs_prefix && !are_prefixes)
                .then(|| "HTTPRoutes only replace prefixes of whole segments".to_owned())
        }
        _ => None,
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
