//! Resources of Envoy Gateway: an HTTPRoute and an EnvoyExtensionPolicy for each route.

use super::{header, identity_headers, variables};
use crate::convert::{
    model::{Gateway, PathMatch, Route, Service},
    report::Report,
    yaml::{Map, document},
};

/// The Gateway that the routes attach to.
const GATEWAY: &str = "gateway";

/// The text of the resources.
pub(super) fn write(gateway: &Gateway, report: &mut Report) -> String {
    let mut comments =
        header("Envoy Gateway, with the gateway filter for each HTTPRoute.", gateway);
    comments.push(format!("Replace registry.example.com and the Gateway {GATEWAY} by yours."));
    let mut documents = vec![document(&comments, &clients(gateway))];
    let keys = variables(gateway);
    for route in &gateway.routes {
        let Some(service) = gateway.services.get(route.service) else { continue };
        documents.push(document(&[], &http_route(route, service, report)));
        if !route.chain.is_empty() {
            documents.push(document(&[], &policy(route, &keys)));
        }
    }
    for service in gateway.services.iter().filter(|service| service_reference(service).is_none()) {
        documents.push(document(&[], &backend(service)));
    }
    documents.join("---\n")
}

fn resource(api: &str, kind: &str, name: &str) -> Map {
    Map::new()
        .with("apiVersion", api)
        .with("kind", kind)
        .with("metadata", Map::new().with("name", object_name(name)))
}

/// The settings without which other spellings of a path or a header bypass the filters.
fn clients(gateway: &Gateway) -> Map {
    let mut headers = Map::new().with("withUnderscoresAction", "DropHeader");
    let owned = identity_headers(gateway);
    if !owned.is_empty() {
        headers.set("earlyRequestHeaders", Map::new().with("remove", owned));
    }
    let target = Map::new()
        .with("group", "gateway.networking.k8s.io")
        .with("kind", "Gateway")
        .with("name", GATEWAY);
    let spec = Map::new()
        .with("targetRefs", vec![target])
        .with("path", Map::new().with("escapedSlashesAction", "RejectRequest"))
        .with("headers", headers);
    resource("gateway.envoyproxy.io/v1alpha1", "ClientTrafficPolicy", GATEWAY).with("spec", spec)
}

fn http_route(route: &Route, service: &Service, report: &mut Report) -> Map {
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
    let mut rule = Map::new();
    matches.retain(|entry| !entry.is_empty());
    rule.set_list("matches", matches);
    rule.set_list("filters", rewrites(route, service, report));
    rule.set("timeouts", Map::new().with("request", "0s"));
    rule.set("backendRefs", vec![backend]);
    let parent = Map::new().with("name", GATEWAY);
    let mut spec = Map::new().with("parentRefs", vec![parent]);
    let hosts = route.hosts.iter().filter(|host| !host.ends_with('*'));
    spec.set_list("hostnames", hosts.map(String::as_str).collect());
    if route.hosts.iter().any(|host| host.ends_with('*')) {
        let message = format!("route {}: host names that end with .*", route.name);
        report.left_out(&route.place, message);
    }
    spec.set("rules", vec![rule]);
    resource("gateway.networking.k8s.io/v1", "HTTPRoute", &route.name).with("spec", spec)
}

fn path_entry(path: &PathMatch) -> Map {
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
    let is_prefix = route.paths.iter().all(|path| matches!(path, PathMatch::Segments(_)));
    if route.strip_path && is_prefix {
        let base = if service.base_path.is_empty() { "/" } else { service.base_path.as_str() };
        let path = Map::new().with("type", "ReplacePrefixMatch").with("replacePrefixMatch", base);
        rewrite.set("path", path);
    } else if (route.strip_path && !route.paths.is_empty()) || !service.base_path.is_empty() {
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

fn policy(route: &Route, keys: &[String]) -> Map {
    let target = Map::new()
        .with("group", "gateway.networking.k8s.io")
        .with("kind", "HTTPRoute")
        .with("name", object_name(&route.name));
    let image = Map::new().with("url", "registry.example.com/novasphere/gateway:0.1.0");
    let mut wasm = Map::new()
        .with("name", "gateway")
        .with("rootID", "gateway")
        .with("failOpen", false)
        .with("code", Map::new().with("type", "Image").with("image", image));
    if !keys.is_empty() {
        wasm.set("env", Map::new().with("hostKeys", keys.to_vec()));
    }
    wasm.set("config", route.chain.gateway());
    let spec = Map::new().with("targetRefs", vec![target]).with("wasm", vec![wasm]);
    resource("gateway.envoyproxy.io/v1alpha1", "EnvoyExtensionPolicy", &route.name)
        .with("spec", spec)
}

/// The Service of a host name in the cluster: its name and namespace.
fn service_reference(service: &Service) -> Option<(&str, Option<&str>)> {
    let [endpoint] = service.endpoints.as_slice() else { return None };
    if endpoint.host != service.host || service.scheme.is_tls() {
        return None;
    }
    let mut labels = service.host.split('.');
    let (name, namespace) = (labels.next()?, labels.next());
    let is_service = matches!(labels.next(), None | Some("svc"));
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
    (is_service && is_name && namespace.is_none_or(|n| service.host.contains(&format!("{n}.svc"))))
        .then_some((name, namespace))
}

fn backend(service: &Service) -> Map {
    let endpoints = service.endpoints.iter().map(|endpoint| {
        let is_address = endpoint.host.parse::<std::net::IpAddr>().is_ok();
        let (kind, member) = if is_address { ("ip", "address") } else { ("fqdn", "hostname") };
        let port = i64::from(endpoint.port);
        Map::new().with(kind, Map::new().with(member, endpoint.host.as_str()).with("port", port))
    });
    let mut spec = Map::new().with("endpoints", endpoints.collect::<Vec<_>>());
    if service.scheme.is_tls() {
        let tls = Map::new().with("wellKnownCACertificates", "System");
        spec.set("tls", tls.with("sni", service.host.as_str()));
    }
    resource("gateway.envoyproxy.io/v1alpha1", "Backend", &service.name).with("spec", spec)
}

/// A name as Kubernetes accepts it.
fn object_name(name: &str) -> String {
    let letters = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() || c == '.' => c,
        _ => '-',
    };
    let name: String = name.chars().map(letters).take(253).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}
