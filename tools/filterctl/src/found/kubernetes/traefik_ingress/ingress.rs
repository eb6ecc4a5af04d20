//! `Ingress` as Traefik translates it: annotations name the middlewares.

use super::{
    Objects,
    objects::{Object, items},
};
use crate::{
    found::{
        Platform, Route,
        traefik::{
            self, Served,
            middlewares::{Find, with_provider},
        },
    },
    source::Node,
};

/// The start of the names of Traefik's annotations.
const ANNOTATION: &str = "traefik.ingress.kubernetes.io/router.";

/// The routes of all Ingresses of Traefik, with their priorities.
pub(super) fn find(
    objects: &Objects<'_>,
    middleware: impl Find,
    entry_points: &traefik::EntryPoints,
) -> Vec<(i64, Route)> {
    let mut routes = Vec::new();
    for ingress in objects.of_kind("Ingress").iter().filter(|ingress| is_traefiks(**ingress)) {
        let names = ingress.annotation(&format!("{ANNOTATION}entrypoints")).unwrap_or_default();
        let rules = items(ingress.spec(), "rules").iter();
        let paths = rules.flat_map(|rule| {
            let paths = items(rule.get("http"), "paths").iter();
            paths.map(|path| (rule.get_text("host"), path))
        });
        let paths: Vec<_> = paths.enumerate().collect();
        for served in entry_points.of_router(names.split(',')) {
            for (n, path) in &paths {
                routes.extend(route(middleware, *ingress, *n, *path, &served));
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
    middleware: impl Find,
    ingress: Object<'_>,
    n: usize,
    (host, path): (Option<&str>, &Node),
    served: &Served,
) -> Vec<(i64, Route)> {
    let annotation = |name: &str| ingress.annotation(&format!("{ANNOTATION}{name}"));
    let own = annotation("middlewares").unwrap_or_default().split(',').map(str::trim);
    let own = own.filter(|name| !name.is_empty());
    let names = served.middlewares.iter().map(String::as_str).chain(own);
    let names = names.map(|name| with_provider(name, "kubernetes")).collect();
    let filters = traefik::middlewares::filters(names, middleware);
    let rule = rule(host, path, annotation("pathmatcher"));
    let name = format!("{}[{n}]", ingress.name());
    let platform = Platform::TraefikKubernetes;
    let written = (name.as_str(), rule.as_str(), path);
    let mut all = traefik::routes(platform, ingress.index, ingress.document, written, &filters);
    let own = annotation("priority").and_then(|text| text.parse::<i64>().ok());
    let service = path.at(&["backend", "service", "name"]).and_then(Node::text);
    for (priority, found) in &mut all {
        *priority = own.unwrap_or(*priority);
        found.service_name = service.map(str::to_owned);
        found.listeners.clone_from(&served.listeners);
    }
    all
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
