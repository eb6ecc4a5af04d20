//! Kubernetes: `KongPlugin`, `Middleware`, `EnvoyExtensionPolicy`, `WasmPlugin`, `EnvoyFilter`, and
//! the routes that they are attached to.
//!
//! - `objects`: objects by kind, namespace and name;
//! - `gateway_api`: `HTTPRoute` with the policies and plugins of Envoy Gateway and Istio;
//! - `virtual_service`: `VirtualService` of Istio;
//! - `istio`: the filters that Istio adds to a gateway;
//! - `request_handling`: how Envoy Gateway and Istio change paths and hosts;
//! - `kong_ingress`: `Ingress` and `HTTPRoute` with the plugins of Kong's controller;
//! - `traefik_ingress`: `IngressRoute` and `Ingress` of Traefik.

mod gateway_api;
mod istio;
mod kong_ingress;
mod objects;
mod request_handling;
mod traefik_ingress;
mod virtual_service;

use std::{cmp::Reverse, collections::HashMap};

pub(super) use self::objects::is_filter_in_secret;
pub use self::objects::{Object, Objects};
use super::{
    Document, DocumentKind, FilterConfig, Found, Platform, Project, envoy, filter::of_module, kong,
    traefik,
};
use crate::source::{Node, Reader};

/// Adds the filters and routes of all Kubernetes objects, and the routes of Traefik's files, which may
/// name objects. `middlewares` are those of Traefik's files.
pub(super) fn find(project: &mut Project, middlewares: &traefik::Middlewares) {
    let documents = std::mem::take(&mut project.documents);
    let mut plugins = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let DocumentKind::Kubernetes(kind) = &document.kind else { continue };
        match kind.as_str() {
            "KongPlugin" | "KongClusterPlugin" => add_kong_plugin(project, index, document),
            "Middleware" => add_middleware(project, index, document),
            "EnvoyExtensionPolicy" => add_policy(project, index, document),
            "WasmPlugin" => plugins.push((index, document)),
            "EnvoyFilter" => {
                envoy::add_filters(project, Platform::Istio, index, document.file, &document.root);
            }
            _ => {}
        }
    }
    plugins.sort_by_key(|(_, plugin)| order(&plugin.root));
    plugins.iter().for_each(|(index, plugin)| add_wasm_plugin(project, *index, plugin));
    let objects = Objects::new(&documents, &project.filters);
    let entry_points = traefik::EntryPoints::of(&documents);
    let find = |name: &str| traefik_ingress::middleware(&objects, middlewares, name);
    traefik::add_routes(project, &documents, find, &entry_points);
    gateway_api::add(project, &objects);
    virtual_service::add(project, &objects);
    kong_ingress::add(project, &objects);
    traefik_ingress::add(project, &objects, find, &entry_points);
    project.documents = documents;
}

/// The order in which Istio runs WasmPlugins: by phase, then by priority, the highest first, then by
/// name.
fn order(plugin: &Node) -> (u8, Reverse<i64>, &str) {
    let text = |name: &str| plugin.at(&["spec", name]).and_then(Node::text);
    let phase = match text("phase") {
        Some("AUTHN") => 0,
        Some("AUTHZ") => 1,
        Some("STATS") => 2,
        _ => 3,
    };
    let priority: i64 = text("priority").and_then(|text| text.parse().ok()).unwrap_or(0);
    (phase, Reverse(priority), objects::name(plugin))
}

/// A configuration in a Secret (`configFrom`) is not known here, so such a plugin has none to check.
/// Routes name it in [`Route::left_out`](super::Route).
fn add_kong_plugin(project: &mut Project, index: usize, document: &Document) {
    let root = &document.root;
    if root.get("configFrom").is_some() {
        return;
    }
    let Some(plugin) = root.get_text("plugin") else { return };
    let named = (plugin, root.get("config"));
    kong::add_filter(project, Platform::KongIngress, index, document, root, named);
}

fn add_middleware(project: &mut Project, index: usize, document: &Document) {
    let Some(spec) = document.root.get("spec") else { return };
    let named = (objects::name(&document.root), spec);
    let platform = Platform::TraefikKubernetes;
    traefik::add_middleware(project, platform, index, document, named, &HashMap::new());
}

fn add_policy(project: &mut Project, index: usize, document: &Document) {
    for entry in document.root.at(&["spec", "wasm"]).map(Node::items).unwrap_or_default() {
        let url =
            entry.at(&["code", "image", "url"]).or_else(|| entry.at(&["code", "http", "url"]));
        let Some(module) = url.and_then(Node::text) else { continue };
        let named = (entry.get_text("name").unwrap_or(module), module);
        add_wasm(
            project,
            Platform::EnvoyGateway,
            index,
            document,
            named,
            (entry, entry.get("config")),
        );
    }
}

fn add_wasm_plugin(project: &mut Project, index: usize, document: &Document) {
    let root = &document.root;
    let Some(spec) = root.get("spec") else { return };
    let Some(module) = spec.get_text("url") else { return };
    let named = (objects::name(root), module);
    add_wasm(project, Platform::Istio, index, document, named, (spec, spec.get("pluginConfig")));
}

fn add_wasm(
    project: &mut Project,
    platform: Platform,
    index: usize,
    document: &Document,
    (name, module): (&str, &str),
    (entry, config): (&Node, Option<&Node>),
) {
    let Some(kind) = of_module(module) else { return };
    let Some(file) = project.files.get(document.file) else { return };
    let config = match config {
        Some(config) => FilterConfig::of(file, config, Reader::Kubernetes),
        None => {
            let mut none = FilterConfig::fields(entry, Reader::Kubernetes);
            none.json.clear();
            none
        }
    };
    project.filters.push(Found {
        kind,
        platform,
        name: name.to_owned(),
        module: module.to_owned(),
        config,
        entry: entry.clone(),
        place: document.place(entry),
        document: index,
    });
}

#[cfg(test)]
mod tests {
    use novasphere_explain::FilterKind;

    use super::*;
    use crate::source::File;

    const MANIFESTS: &str = r#"
apiVersion: configuration.konghq.com/v1
kind: KongPlugin
metadata: {name: a}
plugin: novasphere_gateway
config: {cors: {origins: ["*"]}}
---
apiVersion: v1
kind: List
items:
- apiVersion: traefik.io/v1alpha1
  kind: Middleware
  metadata: {name: b}
  spec: {plugin: {novasphere-jwt-auth: {leeway: 5}}}
- apiVersion: gateway.envoyproxy.io/v1alpha1
  kind: EnvoyExtensionPolicy
  metadata: {name: c}
  spec:
    wasm:
    - {name: c1, code: {type: Image, image: {url: r.example.com/n/cors:1}}, config: {max_age: 1}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: d}
spec: {url: "oci://r.example.com/n/rate-limit:1", pluginConfig: {minute: 1}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: e}
data:
  kong.yml: |
    _format_version: "3.0"
    services:
    - name: s
      filter_chains:
      - filters: [{name: novasphere_cors, config: {}}]
      routes: [{name: r}]
"#;

    #[test]
    fn finds_filters_in_objects_lists_and_config_maps() {
        let project = Project::new(vec![File::new("all.yaml", MANIFESTS.to_owned())]);
        let mut shown: Vec<_> =
            project.filters.iter().map(|f| (f.platform, f.kind, f.config.json.as_str())).collect();
        shown.sort_unstable();
        let expected = [
            (Platform::EnvoyGateway, FilterKind::Cors, r#"{"max_age":1}"#),
            (Platform::Istio, FilterKind::RateLimit, r#"{"minute":1}"#),
            (Platform::Kong, FilterKind::Cors, "{}"),
            (Platform::KongIngress, FilterKind::Gateway, r#"{"cors":{"origins":["*"]}}"#),
            (Platform::TraefikKubernetes, FilterKind::JwtAuth, r#"{"leeway":5}"#),
        ];
        assert_eq!(shown, expected);
    }
}
