//! `Ingress` as Traefik translates it: annotations name the middlewares.

use super::{
    Objects,
    objects::{Object, items},
};
use crate::{
    found::{Platform, Route, traefik},
    source::Node,
};

/// The start of the names of Traefik's annotations.
const ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.";

/// The routes of all Ingresses of Traefik, with their priorities.
pub(super) fn find(
    objects: &Objects<'_>,
    entry_points: &traefik::EntryPoints,
) -> Vec<(i64, Route)> {
    let mut routes = Vec::new();
    for ingress in objects.of_kind("Ingress").iter().filter(|ingress| is_traefiks(**ingress)) {
        let mut n: usize = 0;
        let names = ingress.annotation(&format!("{ANNOTATION}entrypoints")).unwrap_or_default();
        let listeners = entry_points.of_router(names.split(','));
        for rule in items(ingress.spec(), "rules") {
            for path in items(rule.get("http"), "paths") {
                let host = rule.get_text("host");
                let (priority, found) = route(objects, *ingress, n, (host, path));
                routes.push((priority, Route { listeners: listeners.clone(), ..found }));
                n = n.saturating_add(1);
            }
        }
    }
    routes
}

/// Whether Traefik serves an Ingress: by its class, or else by its annotations.
pub(in super::super) fn is_traefiks(ingress: Object<'_>) -> bool {
    let class = ingress.spec().and_then(|spec| spec.get_text("ingressClassName"));
    let class = class.or_else(|| ingress.annotation("kubernetes.io/ingress.class"));
    let has_annotation = ["middlewares", "entrypoints", "priority", "pathmatcher", "tls"]
        .iter()
        .any(|name| ingress.annotation(&format!("{ANNOTATION}{name}")).is_some());
    class.map_or(has_annotation, |class| class.contains("traefik"))
}

fn route(
    objects: &Objects<'_>,
    ingress: Object<'_>,
    n: usize,
    (host, path): (Option<&str>, &Node),
) -> (i64, Route) {
    let annotation = |name: &str| ingress.annotation(&format!("{ANNOTATION}{name}"));
    let mut filters = Vec::new();
    for name in annotation("middlewares").unwrap_or_default().split(',') {
        filters.extend(middleware(objects, name.trim()).unwrap_or_default());
    }
    let rule = rule(host, path, annotation("pathmatcher"));
    let name = format!("{}[{n}]", ingress.name());
    let platform = Platform::TraefikKubernetes;
    let written = (name.as_str(), rule.as_str(), path);
    let (mut priority, mut found) =
        traefik::route(platform, ingress.index, ingress.document, written, filters);
    if let Some(own) = annotation("priority").and_then(|text| text.parse::<i64>().ok()) {
        priority = own;
    }
    let service = path.at(&["backend", "service", "name"]).and_then(Node::text);
    found.service_name = service.map(str::to_owned);
    (priority, found)
}

/// The filters of a middleware: `NAMESPACE-NAME@kubernetescrd`.
fn middleware(objects: &Objects<'_>, reference: &str) -> Option<Vec<usize>> {
    let name = reference.strip_suffix("@kubernetescrd")?;
    let mut all = objects.of_kind("Middleware").iter();
    let found = all.find(|object| format!("{}-{}", object.namespace(), object.name()) == name)?;
    Some(objects.filters(*found).to_vec())
}

/// The rule of the router that Traefik makes.
fn rule(host: Option<&str>, path: &Node, matcher: Option<&str>) -> String {
    let mut parts = Vec::new();
    if let Some(host) = host {
        parts.push(match host.strip_prefix("*.") {
            Some(suffix) => {
                let suffix = suffix.replace('.', "\\.");
                format!("HostRegexp(`^[a-zA-Z0-9-]+\\.{suffix}$`)")
            }
            None => format!("Host(`{host}`)"),
        });
    }
    if let Some(written) = path.get_text("path") {
        let matcher = match path.get_text("pathType") {
            Some("Exact") => "Path",
            Some("Prefix") => "PathPrefix",
            _ => matcher.unwrap_or("PathPrefix"),
        };
        parts.push(format!("{matcher}(`{written}`)"));
    }
    parts.join(" && ")
}

#[cfg(test)]
mod tests {
    use crate::{found::Project, source::File};

    const MANIFESTS: &str = r#"
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: api
  namespace: n
  annotations:
    traefik.ingress.kubernetes.io/router.middlewares: n-auth@kubernetescrd, n-other@kubernetescrd, auth@file
spec:
  ingressClassName: traefik
  rules:
  - host: a.io
    http:
      paths:
      - {path: /api, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
      - {path: /api/x, pathType: Exact, backend: {service: {name: t, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: urgent, namespace: n, annotations: {traefik.ingress.kubernetes.io/router.priority: "1000"}}
spec: {rules: [{http: {paths: [{path: /healthz, backend: {service: {name: s, port: {number: 80}}}}]}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other, namespace: n}
spec: {ingressClassName: nginx, rules: [{http: {paths: [{path: /, backend: {service: {name: s, port: {number: 80}}}}]}}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: auth, namespace: n}
spec: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

    #[test]
    fn routes_have_the_middlewares_of_annotations() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        let shown: Vec<_> = project
            .routes
            .iter()
            .map(|route| (route.name.as_str(), route.filters.len(), route.service_name.as_deref()))
            .collect();
        let expected =
            [("urgent[0]", 0, Some("s")), ("api[0]", 1, Some("s")), ("api[1]", 1, Some("t"))];
        assert_eq!(shown, expected);
        let name = |path: &str| project.route_for("a.io", "GET", path).unwrap().route.name.clone();
        assert_eq!(name("/api/y"), "api[0]");
        let found = &project.filters[0];
        assert_eq!(MANIFESTS.get(found.config.node.span_of("leeway").0), Some("5"));
        assert_eq!(MANIFESTS.get(project.routes[1].place.span.clone()), Some("path"));
    }
}
