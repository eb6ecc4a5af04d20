//! `Ingress` as Kong Ingress Controller translates it.
//!
//! The rules follow version 3.5: routes are named `NAMESPACE.INGRESS.SERVICE.HOST.PORT`, and
//! plugins are named by annotations of the `Service` and the `Ingress`.

use super::super::traefik_ingress::is_traefiks;
use super::{
    Objects,
    objects::{Object, items},
    plugins,
};
use crate::{
    found::{
        NamedFilters, Platform, Route,
        kong::{PathRank, Rank, path_condition},
    },
    source::Node,
};

/// The routes of all `Ingress`es of Kong, with their ranks.
pub(super) fn find(objects: &Objects<'_>) -> Vec<(Rank, Route)> {
    let mut routes = Vec::new();
    for ingress in objects.of_kind("Ingress").iter().filter(|ingress| is_kongs(**ingress)) {
        for rule in items(ingress.spec(), "rules") {
            for path in items(rule.get("http"), "paths") {
                let host = rule.get_text("host");
                routes.extend(route(objects, *ingress, (host, path)).unwrap_or_default());
            }
        }
    }
    routes
}

/// Whether the controller serves an Ingress. Without a class, it does if its class is the default.
fn is_kongs(ingress: Object<'_>) -> bool {
    let class = ingress.spec().and_then(|spec| spec.get_text("ingressClassName"));
    let class = class.or_else(|| ingress.annotation("kubernetes.io/ingress.class"));
    class.map_or_else(|| !is_traefiks(ingress), |class| class.contains("kong"))
}

/// The routes for a path of an Ingress. `None` if its backend is not a Service.
fn route(
    objects: &Objects<'_>,
    ingress: Object<'_>,
    (host, path): (Option<&str>, &Node),
) -> Option<Vec<(Rank, Route)>> {
    let backend = path.at(&["backend", "service"])?;
    let service = backend.get_text("name")?;
    let port = backend.get("port")?;
    let port = port.get_text("number").or_else(|| port.get_text("name")).unwrap_or_default();
    let namespace = ingress.namespace();
    let mut filters = NamedFilters::default();
    if let Some(service) = objects.find("Service", namespace, service) {
        filters.add(plugins::annotated(objects, service));
    }
    filters.add(plugins::annotated(objects, ingress));
    let name =
        format!("{namespace}.{}.{service}.{}.{port}", ingress.name(), host.unwrap_or_default());
    let methods = ingress.annotation("konghq.com/methods").unwrap_or_default();
    let methods: Vec<String> =
        methods.split(',').map(str::trim).filter(|m| !m.is_empty()).map(str::to_owned).collect();
    let priority = ingress.annotation("konghq.com/regex-priority");
    let has = [host.is_some(), true, !methods.is_empty()];
    let new = |written: &String| {
        let rank = Rank {
            conditions: has.iter().filter(|has| **has).count(),
            is_plain_host: host.is_some_and(|host| !host.contains('*')),
            headers: 0,
            path: PathRank::new(Some(written), priority),
        };
        let found = Route {
            name: name.clone(),
            platform: Platform::KongIngress,
            group: 0,
            route_name: Some(name.clone()),
            service_name: Some(format!("{namespace}.{service}.{port}")),
            left_out: filters.left_out.clone(),
            generated_name: None,
            domains: host.map(str::to_owned).into_iter().collect(),
            ignores_port: true,
            listeners: Vec::new(),
            path: path_condition(written),
            methods: methods.clone(),
            other_conditions: Vec::new(),
            filters: filters.filters.clone(),
            direct: None,
            place: ingress.document.place(path),
            document: ingress.index,
        };
        (rank, found)
    };
    Some(paths(path).iter().map(new).collect())
}

/// The paths of Kong's route for a path of an Ingress.
fn paths(path: &Node) -> Vec<String> {
    let written = path.get_text("path").unwrap_or("/");
    let base = written.trim_matches('/');
    let paths = match path.get_text("pathType") {
        Some("Exact") => vec![format!("~/{}$", written.trim_start_matches('/'))],
        Some("Prefix") if base.is_empty() => vec!["/".to_owned()],
        Some("Prefix") => vec![format!("/{base}/"), format!("~/{base}$")],
        _ => vec![written.to_owned()],
    };
    let regex = |path: String| match path.strip_prefix("/~") {
        Some(rest) => format!("~{rest}"),
        None => path,
    };
    paths.into_iter().map(regex).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        found::{PathCondition, Project},
        source::File,
    };

    const MANIFESTS: &str = r#"
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: g, namespace: n}
plugin: novasphere_gateway
config: {cors: {origins: ["*"]}}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: n, annotations: {konghq.com/plugins: "other, g"}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, namespace: n}
spec:
  ingressClassName: kong
  rules:
  - host: a.io
    http:
      paths:
      - {path: /api, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}
      - {path: "/~/x/[0-9]+$", pathType: ImplementationSpecific, backend: {service: {name: t, port: {name: http}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: other}
spec: {ingressClassName: nginx, rules: [{http: {paths: [{backend: {service: {name: s, port: {number: 80}}}}]}}]}
"#;

    #[test]
    fn routes_have_the_plugins_of_service_and_ingress() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        let shown: Vec<_> = project
            .routes
            .iter()
            .map(|route| (route.name.as_str(), route.filters.len(), &route.path))
            .collect();
        let [prefix, exact, regex] = [
            PathCondition::Prefix("/api/".to_owned()),
            PathCondition::RegexPrefix("/api$".to_owned()),
            PathCondition::RegexPrefix("/x/[0-9]+$".to_owned()),
        ];
        let expected = [
            ("n.i.t.a.io.http", 0, &regex),
            ("n.i.s.a.io.80", 1, &exact),
            ("n.i.s.a.io.80", 1, &prefix),
        ];
        assert_eq!(shown, expected);
    }
}
