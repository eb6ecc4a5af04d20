//! `HTTPRoute` as Kong Ingress Controller translates it.
//!
//! The rules follow version 3.5: routes are named `httproute.NAMESPACE.NAME.RULE.MATCH`. Plugins are
//! named by annotations of the `Service` and the `HTTPRoute`, and by the filters of a rule.

use super::{
    Objects,
    objects::{Object, direct_response, is_filter_in_secret, items, texts},
    plugins,
};
use crate::{
    found::{
        NamedFilters, Platform, Route,
        kong::{PathRank, Rank, path_condition},
    },
    source::Node,
};

/// The routes of all `HTTPRoute`s of Kong, with their ranks.
pub(super) fn find(objects: &Objects<'_>) -> Vec<(Rank, Route)> {
    let kinds = ["KongPlugin", "KongClusterPlugin"].into_iter();
    let mut all = kinds.flat_map(|kind| objects.of_kind(kind));
    if !all
        .any(|plugin| !objects.filters(*plugin).is_empty() || is_filter_in_secret(plugin.document))
    {
        return Vec::new();
    }
    let mut routes = Vec::new();
    for route in objects.of_kind("HTTPRoute").iter().filter(|route| is_kongs(objects, **route)) {
        for (n, rule) in items(route.spec(), "rules").iter().enumerate() {
            routes.extend(of_rule(objects, *route, (n, rule)));
        }
    }
    routes
}

/// Whether a Gateway of the route is Kong's. Gateways that are not in the files may be.
fn is_kongs(objects: &Objects<'_>, route: Object<'_>) -> bool {
    let gateways = items(route.spec(), "parentRefs").iter().map(|parent| {
        let namespace = parent.get_text("namespace").unwrap_or(route.namespace());
        let gateway = objects.find("Gateway", namespace, parent.get_text("name")?)?;
        gateway.spec()?.get_text("gatewayClassName")
    });
    let classes: Vec<Option<&str>> = gateways.collect();
    classes.iter().any(|class| class.is_none_or(|class| class.contains("kong")))
}

fn of_rule(
    objects: &Objects<'_>,
    route: Object<'_>,
    (n, rule): (usize, &Node),
) -> Vec<(Rank, Route)> {
    let filters = filters(objects, route, rule);
    let name = format!("httproute.{}.{}.{n}", route.namespace(), route.name());
    let domains = texts(route.spec(), "hostnames");
    let every = Node { span: rule.span.clone(), content: crate::source::Content::Mapping(vec![]) };
    let matches = items(Some(rule), "matches");
    let matches = if matches.is_empty() { std::slice::from_ref(&every) } else { matches };
    let mut routes = Vec::new();
    for (m, condition) in matches.iter().enumerate() {
        let method = condition.get_text("method");
        let headers = items(Some(condition), "headers").len();
        let has = [!domains.is_empty(), method.is_some(), headers > 0, true];
        for path in paths(condition) {
            let rank = Rank {
                conditions: has.iter().filter(|has| **has).count(),
                is_plain_host: domains.iter().any(|domain| !domain.contains('*')),
                headers,
                path: PathRank::new(Some(&path), None),
            };
            let found = Route {
                name: format!("{name}.{m}"),
                platform: Platform::KongIngress,
                group: 0,
                route_name: Some(format!("{name}.{m}")),
                service_name: Some(name.clone()),
                left_out: filters.left_out.clone(),
                generated_name: None,
                domains: domains.clone(),
                ignores_port: true,
                listeners: Vec::new(),
                path: path_condition(&path),
                methods: method.map(str::to_owned).into_iter().collect(),
                other_conditions: ["headers", "queryParams"]
                    .into_iter()
                    .filter(|name| !items(Some(condition), name).is_empty())
                    .map(str::to_owned)
                    .collect(),
                filters: filters.filters.clone(),
                direct: direct_response(rule),
                place: route.document.place(rule),
                document: route.index,
            };
            routes.push((rank, found));
        }
    }
    routes
}

/// The filters of the Service, of the route, and of the rule.
fn filters(objects: &Objects<'_>, route: Object<'_>, rule: &Node) -> NamedFilters {
    let mut filters = NamedFilters::default();
    for backend in items(Some(rule), "backendRefs").iter().take(1) {
        let namespace = backend.get_text("namespace").unwrap_or(route.namespace());
        let service =
            objects.find("Service", namespace, backend.get_text("name").unwrap_or_default());
        if let Some(service) = service {
            filters.add(plugins::annotated(objects, service));
        }
    }
    filters.add(plugins::annotated(objects, route));
    for filter in items(Some(rule), "filters") {
        let reference = filter.get("extensionRef");
        let is_plugin = reference.and_then(|r| r.get_text("kind")) == Some("KongPlugin");
        if let Some(name) = reference.and_then(|r| r.get_text("name")).filter(|_| is_plugin) {
            filters.add(plugins::named(objects, route.namespace(), name));
        }
    }
    filters
}

/// The paths of Kong's route for a match.
fn paths(condition: &Node) -> Vec<String> {
    let path = condition.get("path");
    let value = path.and_then(|path| path.get_text("value")).unwrap_or("/");
    match path.and_then(|path| path.get_text("type")) {
        Some("Exact") => vec![format!("~{value}$")],
        Some("RegularExpression") => vec![format!("~{value}")],
        _ if value == "/" => vec!["/".to_owned()],
        _ => {
            let base = value.trim_end_matches('/');
            vec![format!("{base}/"), format!("~{base}$")]
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{found::Project, source::File};

    const MANIFESTS: &str = r#"
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: g, namespace: n}
plugin: novasphere_gateway
config: {cors: {origins: ["*"]}}
---
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: l, namespace: n}
plugin: novasphere_rate_limit
config: {minute: 0}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: n, annotations: {konghq.com/plugins: g}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: n}
spec: {gatewayClassName: kong}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: n}
spec:
  parentRefs: [{name: gw}]
  hostnames: [a.io]
  rules:
  - {matches: [{path: {type: PathPrefix, value: /api}}], backendRefs: [{name: s, port: 80}]}
  - matches: [{path: {type: Exact, value: /login}, method: POST}]
    filters: [{type: ExtensionRef, extensionRef: {group: configuration.konghq.com, kind: KongPlugin, name: l}}]
    backendRefs: [{name: s, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: annotated, namespace: n, annotations: {konghq.com/plugins: "l, unknown"}}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: t, port: 80}]}]}
"#;

    #[test]
    fn routes_have_the_plugins_of_service_route_and_rule() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        let on_route = |method: &str, path: &str| {
            let route = project.route_for("a.io", method, path).unwrap().route;
            let names = route.filters.iter().map(|f| project.filters[*f].name.as_str());
            (route.name.clone(), names.collect::<Vec<_>>())
        };
        let expected = |name: &str, filters: &[&'static str]| (name.to_owned(), filters.to_vec());
        let (gateway, limit) = ("novasphere_gateway", "novasphere_rate_limit");
        assert_eq!(on_route("GET", "/api/x"), expected("httproute.n.api.0.0", &[gateway]));
        assert_eq!(on_route("GET", "/api"), expected("httproute.n.api.0.0", &[gateway]));
        assert_eq!(on_route("POST", "/login"), expected("httproute.n.api.1.0", &[gateway, limit]));
        assert_eq!(on_route("GET", "/apix"), expected("httproute.n.annotated.0.0", &[limit]));
        let limit = project.filters.iter().find(|found| found.name == limit).unwrap();
        assert_eq!(MANIFESTS.get(limit.config.node.span_of("minute").0), Some("0"));
    }

    #[test]
    fn other_gateways_have_no_plugins() {
        let text = MANIFESTS.replace("gatewayClassName: kong", "gatewayClassName: envoy");
        let project = Project::new(vec![File::new("x.yaml", text)]);
        assert!(project.route_for("a.io", "GET", "/api/x").is_none());
    }
}
