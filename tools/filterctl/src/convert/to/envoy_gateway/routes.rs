//! HTTPRoutes.

use super::{GATEWAY, answers, object_name, resource, service_reference};
use crate::convert::{
    model::{Gateway, PathMatch, Route, Service},
    report::Report,
    yaml::{Map, Yaml},
};

/// The HTTPRoute of a route.
pub(super) fn http_route(gateway: &Gateway, route: &Route, report: &mut Report) -> Map {
    let mut rule = Map::new();
    match answers::filter(route) {
        Some(filter) => rule.set("filters", vec![filter]),
        None => forward(&mut rule, gateway, route, report),
    }
    let mut parent = Map::new().with("name", GATEWAY);
    if route.requires_tls {
        parent.set("sectionName", "https");
        parent.comment("sectionName", "The listener with TLS of your Gateway.");
    }
    let mut spec = Map::new().with("parentRefs", vec![parent]);
    spec.set_list("hostnames", route.hosts.clone());
    spec.set("rules", rules(matches(route), &rule));
    resource("gateway.networking.k8s.io/v1", "HTTPRoute", &route.name).with("spec", spec)
}

/// The rules of a route. A rule that replaces a prefix must have exactly one match.
fn rules(matches: Vec<Map>, rule: &Map) -> Vec<Map> {
    let settings = ["urlRewrite", "requestRedirect"];
    let filters = rule.items("filters").iter().filter_map(Yaml::as_map);
    let mut paths = filters.flat_map(|filter| settings.map(|name| filter.map(name)?.map("path")));
    let is_single = |path: Option<&Map>| {
        path.is_some_and(|path| path.text("type") == Some("ReplacePrefixMatch"))
    };
    let groups: Vec<Vec<Map>> = match matches.len() > 1 && paths.any(is_single) {
        true => matches.into_iter().map(|entry| vec![entry]).collect(),
        false => vec![matches],
    };
    let with_matches = |group: Vec<Map>| {
        let mut own = Map::new();
        own.set_list("matches", group);
        own.extend(rule);
        own
    };
    groups.into_iter().map(with_matches).collect()
}

fn matches(route: &Route) -> Vec<Map> {
    let mut matches = Vec::new();
    let paths: Vec<Option<&PathMatch>> = match route.paths.as_slice() {
        [] => vec![None],
        paths => paths.iter().map(Some).collect(),
    };
    let methods: Vec<Option<&String>> = match route.methods.as_slice() {
        [] => vec![None],
        methods => methods.iter().map(Some).collect(),
    };
    for path in paths {
        for method in &methods {
            let mut entry = Map::new();
            if let Some(path) = path {
                entry.set("path", path_entry(path));
            }
            entry.set_some("method", method.map(String::as_str));
            matches.push(entry);
        }
    }
    matches.retain(|entry| !entry.is_empty());
    matches
}

fn forward(rule: &mut Map, gateway: &Gateway, route: &Route, report: &mut Report) {
    // Without backends, Envoy Gateway answers 500.
    let Some(service) = gateway.services.get(route.service) else { return };
    let backend = match service_reference(service) {
        Some((name, namespace)) => {
            let mut reference = Map::new().with("name", name);
            reference.set_some("namespace", namespace);
            reference.with("port", i64::from(service.port))
        }
        None => Map::new()
            .with("group", "gateway.envoyproxy.io")
            .with("kind", "Backend")
            .with("name", object_name(&service.name)),
    };
    rule.set_list("filters", rewrites(route, service, report));
    rule.set("timeouts", Map::new().with("request", "0s"));
    rule.set("backendRefs", vec![backend]);
}

/// The condition about a path.
pub(super) fn path_entry(path: &PathMatch) -> Map {
    let (kind, value) = match path {
        PathMatch::Exact(path) => ("Exact", path.clone()),
        PathMatch::Segments(prefix) => ("PathPrefix", prefix.clone()),
        path if path.is_any() => ("PathPrefix", "/".to_owned()),
        path => ("RegularExpression", path.whole_regex()),
    };
    Map::new().with("type", kind).with("value", value)
}

/// Changes of the path and of `Host` on the way to the upstream.
fn rewrites(route: &Route, service: &Service, report: &mut Report) -> Vec<Map> {
    let mut rewrite = Map::new();
    if !route.preserve_host {
        rewrite.set("hostname", service.host.as_str());
    }
    let is_prefix = |path: &PathMatch| matches!(path, PathMatch::Segments(_)) || path.is_any();
    let has_base = !service.base_path.is_empty();
    let is_whole = route.paths.iter().all(PathMatch::is_any);
    if (route.strip_path || (has_base && is_whole)) && route.paths.iter().all(is_prefix) {
        let base = if has_base { service.base_path.as_str() } else { "/" };
        let path = Map::new().with("type", "ReplacePrefixMatch").with("replacePrefixMatch", base);
        rewrite.set("path", path);
    } else if route.strip_path {
        let message = format!(
            "route {}: the upstream gets the whole path; add an HTTPRouteFilter with urlRewrite",
            route.name
        );
        report.left_out(&route.place, message);
    }
    if rewrite.is_empty() {
        return Vec::new();
    }
    vec![Map::new().with("type", "URLRewrite").with("urlRewrite", rewrite)]
}
