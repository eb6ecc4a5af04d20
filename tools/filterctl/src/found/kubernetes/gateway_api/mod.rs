//! `HTTPRoute` with the `EnvoyExtensionPolicy`s of Envoy Gateway, and the `WasmPlugin`s and
//! `EnvoyFilter`s of Istio.

mod listeners;
mod policies;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use super::{
    Objects,
    istio::Extensions,
    objects::{Object, direct_response, items, texts},
    request_handling,
};
use crate::{
    found::{GeneratedName, PathCondition, Platform, Project, Route},
    source::Node,
};

/// Adds the routes of all `HTTPRoute`s. Without filters of Envoy Gateway or Istio there are none:
/// other implementations run no filters.
pub(super) fn add(project: &mut Project, objects: &Objects<'_>) {
    let has_filters = |kind: &str| {
        objects.of_kind(kind).iter().any(|object| !objects.filters(*object).is_empty())
    };
    let mut platforms = Vec::new();
    if has_filters("EnvoyExtensionPolicy") {
        platforms.push(Platform::EnvoyGateway);
    }
    if has_filters("WasmPlugin") || has_filters("EnvoyFilter") {
        platforms.push(Platform::Istio);
    }
    for platform in platforms {
        let context = Context { objects, platform, extensions: Extensions::new(project, objects) };
        let mut routes = Vec::new();
        for route in objects.of_kind("HTTPRoute") {
            for (n, rule) in items(route.spec(), "rules").iter().enumerate() {
                let key = listeners(*route).map(|listeners| listeners.join(", "));
                let found = context.routes(*route, n, rule).into_iter();
                routes.extend(found.map(|(rank, route)| (key.clone(), rank, route)));
            }
        }
        routes.sort_by_key(|(_, rank, _)| Reverse(*rank));
        // A route without a listener is for all of them, and so beside all other routes.
        let is_for_all = routes.iter().any(|(key, ..)| key.is_none());
        let mut keys: Vec<Option<String>> = routes.iter().map(|(key, ..)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let first = project.new_group();
        let handling = request_handling::of_platform(platform, objects);
        for n in 0..keys.len() {
            project.request_handling.insert(first.saturating_add(n), handling.clone());
        }
        if let Some(names) = listeners::of_gateways(objects).filter(|_| is_for_all) {
            project.listeners.insert(first, names);
        }
        for (key, _, route) in routes {
            let index = keys.iter().position(|other| *other == key).filter(|_| !is_for_all);
            let group = first.saturating_add(index.unwrap_or(0));
            project.routes.push(Route { group, ..route });
        }
    }
}

/// The listeners of a route. `None` if one of its parents is a whole Gateway.
fn listeners(route: Object<'_>) -> Option<Vec<String>> {
    let parents = items(route.spec(), "parentRefs");
    let listener = |parent: &Node| {
        Some(format!("{} {}", parent.get_text("name")?, parent.get_text("sectionName")?))
    };
    let mut all: Vec<String> = parents.iter().map(listener).collect::<Option<_>>()?;
    all.sort_unstable();
    Some(all)
}

/// The host of a route without hostnames: `*` if no listener has a hostname either. `None` if a
/// listener has one, or if the listeners are not in the files.
fn any_host(objects: &Objects<'_>, route: Object<'_>) -> Option<&'static str> {
    for parent in items(route.spec(), "parentRefs") {
        let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
        let gateway = objects.find("Gateway", namespace, parent.get_text("name")?)?;
        let section = parent.get_text("sectionName");
        let mut listeners = items(gateway.spec(), "listeners").iter();
        let is_meant = |listener: &Node| section.is_none() || listener.get_text("name") == section;
        if listeners.any(|listener| is_meant(listener) && listener.get("hostname").is_some()) {
            return None;
        }
    }
    Some("*")
}

/// The precedence of a match: kind of path, length of the path, method, headers, queries.
type Rank = (u8, usize, bool, usize, usize);

struct Context<'o, 'd> {
    objects: &'o Objects<'d>,
    platform: Platform,
    extensions: Extensions<'d>,
}

impl Context<'_, '_> {
    fn routes(&self, route: Object<'_>, n: usize, rule: &Node) -> Vec<(Rank, Route)> {
        let filters = self.filters(route, rule);
        let matches = items(Some(rule), "matches");
        let every =
            Node { span: rule.span.clone(), content: crate::source::Content::Mapping(vec![]) };
        let matches = if matches.is_empty() { std::slice::from_ref(&every) } else { matches };
        let is_istio = self.platform == Platform::Istio;
        let rule_name =
            |is_given: bool| rule.get_text("name").filter(|_| is_given).map(str::to_owned);
        let start = format!("httproute/{}/{}/rule/{n}", route.namespace(), route.name());
        // Without the field, the API server stores a match for all paths.
        let written = rule.get("matches").filter(|matches| !matches.is_null());
        let is_matchless = written.is_some_and(|matches| matches.items().is_empty());
        let match_number = |m: usize| if is_matchless { "-1".to_owned() } else { m.to_string() };
        let host = any_host(self.objects, route);
        let services = items(Some(rule), "backendRefs");
        let service = services.first().and_then(|service| service.get_text("name"));
        matches
            .iter()
            .enumerate()
            .map(|(m, condition)| {
                let found = Route {
                    name: format!("{}[{n}]", route.name()),
                    platform: self.platform,
                    group: 0,
                    route_name: rule_name(is_istio),
                    service_name: service.map(str::to_owned),
                    left_out: Vec::new(),
                    generated_name: (!is_istio).then(|| GeneratedName {
                        own: rule_name(true),
                        start: format!("{start}/match/{}", match_number(m)),
                        host: host.map(str::to_owned),
                    }),
                    domains: texts(route.spec(), "hostnames"),
                    ignores_port: true,
                    listeners: listeners(route).unwrap_or_default(),
                    path: path_condition(condition),
                    methods: condition.get_text("method").map(str::to_owned).into_iter().collect(),
                    other_conditions: ["headers", "queryParams"]
                        .into_iter()
                        .filter(|name| !items(Some(condition), name).is_empty())
                        .map(str::to_owned)
                        .collect(),
                    filters: filters.clone(),
                    direct: direct_response(rule),
                    place: route.document.place(rule),
                    document: route.index,
                };
                (self.rank(condition), found)
            })
            .collect()
    }

    fn filters(&self, route: Object<'_>, rule: &Node) -> Vec<usize> {
        match self.platform {
            Platform::Istio => self.extensions.for_http_route(route),
            _ => policies::filters(self.objects, route, rule),
        }
    }

    /// Envoy Gateway tries exact paths, then regular expressions, then prefixes. Istio tries
    /// prefixes before regular expressions.
    fn rank(&self, condition: &Node) -> Rank {
        let path = condition.get("path");
        let kind = match path.and_then(|path| path.get_text("type")) {
            Some("Exact") => 3,
            Some("RegularExpression") if self.platform == Platform::Istio => 1,
            Some("RegularExpression") => 2,
            _ if self.platform == Platform::Istio => 2,
            _ => 1,
        };
        let length = path.and_then(|path| path.get_text("value")).map_or(0, str::len);
        let count = |name: &str| items(Some(condition), name).len();
        (kind, length, condition.get("method").is_some(), count("headers"), count("queryParams"))
    }
}

fn path_condition(condition: &Node) -> PathCondition {
    let Some(path) = condition.get("path") else { return PathCondition::Any };
    let value = path.get_text("value").unwrap_or("/").to_owned();
    match path.get_text("type") {
        Some("Exact") => PathCondition::Exact(value),
        Some("RegularExpression") => PathCondition::Regex(value),
        _ if value == "/" => PathCondition::Any,
        _ => PathCondition::SeparatedPrefix(value),
    }
}
