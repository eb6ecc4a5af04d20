//! Resources of Envoy Gateway: an HTTPRoute and an EnvoyExtensionPolicy for each route.
//!
//! - `routes`: HTTPRoutes;
//! - `answers`: fixed responses and redirects;
//! - `limits`: the limits of HTTPRoutes;
//! - `order`: routes that Envoy Gateway cannot express, or tries in another order.

mod answers;
mod limits;
mod order;
mod routes;

use super::{header, identity_headers, variables};
use crate::convert::{
    model::{Gateway, Route, Service},
    report::Report,
    yaml::{Map, document},
};

/// The Gateway that the routes attach to.
const GATEWAY: &str = "gateway";

/// The text of the resources.
pub(super) fn write(gateway: Gateway, report: &mut Report) -> String {
    let gateway = &order::prepared(gateway, report);
    let mut comments =
        header("Envoy Gateway, with the gateway filter for each HTTPRoute.", gateway);
    comments.push(format!("Replace registry.example.com and the Gateway {GATEWAY} by yours."));
    let mut documents = vec![document(&comments, &clients(gateway))];
    let keys = variables(gateway);
    for route in &gateway.routes {
        documents.push(document(&[], &routes::http_route(gateway, route, report)));
        if !route.chain.is_empty() {
            documents.push(document(&[], &policy(route, &keys)));
        }
    }
    documents.extend(answers::filters(gateway).iter().map(|filter| document(&[], filter)));
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
