//! `IngressRoute` of Traefik, of both API groups.

use super::{
    Objects,
    objects::{Object, items},
};
use crate::{
    found::{
        Platform, Route,
        traefik::{
            self, Served,
            middlewares::{Find, name_of, with_provider},
        },
    },
    source::Node,
};

/// The routes of all `IngressRoute`s, with their priorities.
pub(super) fn find(
    objects: &Objects<'_>,
    middleware: impl Find,
    entry_points: &traefik::EntryPoints,
) -> Vec<(i64, Route)> {
    let mut routes = Vec::new();
    for object in objects.of_kind("IngressRoute") {
        let names = items(object.spec(), "entryPoints").iter().filter_map(Node::text);
        for served in entry_points.of_router(names) {
            for (n, route) in items(object.spec(), "routes").iter().enumerate() {
                routes.extend(ingress_route(middleware, *object, (n, route), &served));
            }
        }
    }
    routes
}

fn ingress_route(
    middleware: impl Find,
    object: Object<'_>,
    (n, route): (usize, &Node),
    served: &Served,
) -> Vec<(i64, Route)> {
    let Some(rule) = route.get_text("match") else { return Vec::new() };
    let references = items(Some(route), "middlewares").iter();
    let own = references.filter_map(|reference| name_of(reference, object.namespace()));
    let first = served.middlewares.iter().map(|name| with_provider(name, "kubernetescrd"));
    let names = first.chain(own).collect();
    let filters = traefik::middlewares::filters(names, middleware);
    let name = format!("{}[{n}]", object.name());
    let platform = Platform::TraefikKubernetes;
    let written = (name.as_str(), rule, route);
    let mut all = traefik::routes(platform, object.index, object.document, written, &filters);
    let service = items(Some(route), "services").first().and_then(|s| s.get_text("name"));
    for (_, found) in &mut all {
        found.listeners.clone_from(&served.listeners);
        found.service_name = service.map(str::to_owned);
    }
    all
}

#[cfg(test)]
mod tests {
    use crate::{found::Project, source::File};

    const MANIFESTS: &str = r#"
apiVersion: traefik.containo.us/v1alpha1
kind: IngressRoute
metadata: {name: api, namespace: n}
spec:
  routes:
  - {match: "PathPrefix(`/api/`) && Host(`a`)", middlewares: [{name: auth}], services: [{name: s}]}
  - {match: "Path(`/healthz`)", priority: 1000}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: auth, namespace: n}
spec: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
"#;

    #[test]
    fn routes_have_the_filters_of_their_middlewares() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        let shown: Vec<_> =
            project.routes.iter().map(|route| (route.name.as_str(), route.filters.len())).collect();
        assert_eq!(shown, [("api[1]", 0), ("api[0]", 1)]);
        assert_eq!(project.routes[1].service_name.as_deref(), Some("s"));
        assert_eq!(project.route_for("a", "GET", "/api/x").unwrap().route.name, "api[0]");
    }
}
