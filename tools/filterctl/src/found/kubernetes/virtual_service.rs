//! `VirtualService` of Istio, with its `WasmPlugin`s and `EnvoyFilter`s.

use super::{
    Objects,
    istio::Extensions,
    objects::{Object, items, texts},
    request_handling,
};
use crate::{
    found::{DirectResponse, PathCondition, Platform, Project, RequestHandling, Route},
    source::Node,
};

/// Adds the routes of all VirtualServices. Those for the same gateways are alternatives.
pub(super) fn add(project: &mut Project, objects: &Objects<'_>) {
    let extensions = Extensions::new(project, objects);
    let handling = request_handling::of_platform(Platform::Istio, objects);
    let mut groups: Vec<(Vec<String>, usize)> = Vec::new();
    for object in objects.of_kind("VirtualService") {
        let mut gateways = texts(object.spec(), "gateways");
        gateways.sort_unstable();
        let group = match groups.iter().find(|(names, _)| *names == gateways) {
            Some((_, group)) => *group,
            None => {
                let used = groups.iter().map(|(_, group)| group.saturating_add(1)).max();
                let group = project.new_group().max(used.unwrap_or(0));
                groups.push((gateways.clone(), group));
                // Sidecars do not set use_remote_address.
                let is_mesh = gateways.iter().all(|gateway| gateway == "mesh");
                let appends_peer = handling.appends_peer && !is_mesh;
                let handling = RequestHandling { appends_peer, ..handling.clone() };
                project.request_handling.insert(group, handling);
                group
            }
        };
        for (n, http) in items(object.spec(), "http").iter().enumerate() {
            let routes = routes(objects, &extensions, *object, (n, http), group);
            project.routes.extend(routes);
        }
    }
}

/// The routes of an entry of `http`, one for each match.
fn routes(
    objects: &Objects<'_>,
    extensions: &Extensions<'_>,
    object: Object<'_>,
    (n, http): (usize, &Node),
    group: usize,
) -> Vec<Route> {
    let destination = items(Some(http), "route").first().and_then(|r| r.get("destination"));
    let host = destination.and_then(|destination| destination.get_text("host"));
    let service = host.and_then(|host| host.split('.').next());
    let filters = extensions.for_workloads(&workloads(objects, object, service));
    let name = http.get_text("name");
    let domains: Vec<String> =
        texts(object.spec(), "hosts").into_iter().filter(|host| host != "*").collect();
    let new = |condition: Option<&Node>| Route {
        name: name.map_or_else(|| format!("{}[{n}]", object.name()), str::to_owned),
        platform: Platform::Istio,
        group,
        route_name: name.map(str::to_owned),
        service_name: service.map(str::to_owned),
        left_out: Vec::new(),
        generated_name: None,
        domains: domains.clone(),
        ignores_port: true,
        listeners: Vec::new(),
        path: condition.map_or(PathCondition::Any, path_condition),
        methods: condition
            .and_then(|condition| condition.at(&["method", "exact"])?.text())
            .map(str::to_owned)
            .into_iter()
            .collect(),
        other_conditions: condition.map(other_conditions).unwrap_or_default(),
        filters: filters.clone(),
        direct: direct(http),
        place: object.document.place(http),
        document: object.index,
    };
    match items(Some(http), "match") {
        [] => vec![new(None)],
        conditions => conditions.iter().map(|condition| new(Some(condition))).collect(),
    }
}

/// The response of a route that redirects or responds itself.
fn direct(http: &Node) -> Option<DirectResponse> {
    if let Some(redirect) = http.get("redirect") {
        return Some(DirectResponse::new(redirect.get("redirectCode"), Some(301)));
    }
    let response = http.get("directResponse")?;
    Some(DirectResponse::new(response.get("status"), None))
}

/// The labels of the workloads whose proxies have the routes: of the gateways, or of the clients'
/// sidecars, of which only the destination is known.
fn workloads<'d>(
    objects: &Objects<'d>,
    object: Object<'_>,
    service: Option<&'d str>,
) -> Vec<Vec<(&'d str, &'d str)>> {
    let names = items(object.spec(), "gateways").iter().filter_map(Node::text);
    let names: Vec<&str> = names.filter(|name| *name != "mesh").collect();
    if names.is_empty() {
        let service = service.into_iter();
        return service
            .flat_map(|s| ["app", "app.kubernetes.io/name"].map(|label| vec![(label, s)]))
            .collect();
    }
    let gateways = names.into_iter().filter_map(|name| {
        let (namespace, name) = name.split_once('/').unwrap_or((object.namespace(), name));
        let selector = objects.find("Gateway", namespace, name)?.spec()?.get("selector")?;
        let labels = selector.members().iter();
        Some(labels.filter_map(|(name, value)| Some((name.text()?, value.text()?))).collect())
    });
    gateways.collect()
}

fn path_condition(condition: &Node) -> PathCondition {
    let Some(uri) = condition.get("uri") else { return PathCondition::Any };
    let ignores_case = condition.get_text("ignoreUriCase") == Some("true");
    let of = |name: &str, new: fn(String) -> PathCondition| {
        let text = uri.get_text(name)?;
        Some(match ignores_case {
            true => PathCondition::AnyCase(Box::new(new(text.to_ascii_lowercase()))),
            false => new(text.to_owned()),
        })
    };
    let regex = || uri.get_text("regex").map(|regex| PathCondition::Regex(regex.to_owned()));
    let path = of("exact", PathCondition::Exact).or_else(|| of("prefix", PathCondition::Prefix));
    path.or_else(regex).unwrap_or(PathCondition::Any)
}

fn other_conditions(condition: &Node) -> Vec<String> {
    const EVALUATED: [&str; 3] = ["name", "uri", "ignoreUriCase"];
    let names = condition.members().iter().filter_map(|(name, value)| {
        let name = name.text()?;
        let is_method = name == "method" && value.get("exact").is_some();
        (!EVALUATED.contains(&name) && !is_method).then(|| name.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    const MANIFESTS: &str = r#"
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: n}
spec: {selector: {istio: ingressgateway}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: n}
spec:
  hosts: [a.io]
  gateways: [n/gw]
  http:
  - {name: admin, match: [{uri: {prefix: /Admin}, ignoreUriCase: true, method: {exact: GET}}], route: [{destination: {host: s.n.svc.cluster.local}}]}
  - {match: [{uri: {exact: /x}, headers: {a: {exact: b}}}], route: [{destination: {host: s}}]}
  - {match: [{uri: {regex: "/y/.*"}}], redirect: {uri: /}}
  - {route: [{destination: {host: s}}]}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: auth, namespace: n}
spec: {url: "oci://r/n/jwt-auth:1", pluginConfig: {}, selector: {matchLabels: {istio: ingressgateway}}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: other, namespace: n}
spec: {url: "oci://r/n/cors:1", pluginConfig: {}, selector: {matchLabels: {app: other}}}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: n}
spec:
  workloadSelector: {labels: {istio: ingressgateway}}
  configPatches:
  - applyTo: HTTP_FILTER
    patch:
      operation: INSERT_FIRST
      value:
        name: limit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            vm_config: {code: {local: {filename: /w/novasphere-rate-limit.wasm}}}
            configuration: {"@type": type.googleapis.com/google.protobuf.StringValue, value: '{"minute": 0}'}
"#;

    #[test]
    fn gateways_append_the_peer_and_sidecars_do_not() {
        for (gateways, expected) in
            [("[n/gw]", true), ("[n/gw, mesh]", true), ("[mesh]", false), ("[]", false)]
        {
            let text = MANIFESTS.replace("[n/gw]", gateways);
            let project = Project::new(vec![File::new("x.yaml", text)]);
            let handling = project.request_handling.values().next().unwrap();
            assert_eq!(handling.appends_peer, expected, "{gateways}");
        }
    }

    #[test]
    fn routes_have_the_filters_of_their_gateways() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        let shown: Vec<_> = project
            .routes
            .iter()
            .map(|route| {
                let names = route.filters.iter().map(|f| project.filters[*f].name.as_str());
                (route.name.as_str(), route.other_conditions.len(), names.collect::<Vec<_>>())
            })
            .collect();
        let filters = vec!["limit", "auth"];
        let expected = [("admin", 0), ("api[1]", 1), ("api[2]", 0), ("api[3]", 0)];
        assert_eq!(shown, expected.map(|(name, others)| (name, others, filters.clone())));
        let selected = |path: &str| {
            let selected = project.route_for("a.io:443", "GET", path);
            selected.map(|selected| (selected.route.name.clone(), selected.target))
        };
        let found = |name: &str, path: &str| Some((name.to_owned(), path.to_owned()));
        assert_eq!(selected("/aDMIN/z"), found("admin", "/aDMIN/z"));
        // Istio normalizes paths by default.
        assert_eq!(selected("/z/../y/a"), found("api[2]", "/y/a"));
        assert_eq!(project.routes[2].direct, Some(DirectResponse { status: Some(301) }));
    }

    #[test]
    fn filters_have_their_places() {
        let project = Project::new(vec![File::new("x.yaml", MANIFESTS.to_owned())]);
        for (name, field, expected) in
            [("limit", "minute", "0"), ("auth", "", "url"), ("other", "", "url")]
        {
            let found = project.filters.iter().find(|found| found.name == name).unwrap();
            let span = match field {
                "" => found.place.span.clone(),
                field => found.config.node.span_of(field).0,
            };
            assert_eq!(MANIFESTS.get(span), Some(expected), "{name}");
        }
        let route = &project.routes[1];
        assert_eq!(MANIFESTS.get(route.place.span.clone()), Some("match"));
    }
}
