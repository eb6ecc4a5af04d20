//! Documents by kind.

use super::Place;
use crate::source::{Content, File, Node, Style};

/// A document, or a part of one that is a separate configuration.
#[derive(Clone, Debug)]
pub struct Document {
    /// The index of the file.
    pub file: usize,
    /// The tree.
    pub root: Node,
    /// The kind.
    pub kind: DocumentKind,
}

/// The kind of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// Envoy: a bootstrap, a discovery response, a single resource or a config dump.
    Envoy,
    /// Kong's declarative configuration.
    Kong,
    /// Kong's own settings: kong.conf, or the same as environment variables.
    KongSettings,
    /// The values of a Helm chart of Kong.
    KongValues,
    /// Traefik's static configuration, or the values of its Helm chart.
    TraefikStatic,
    /// Traefik's dynamic configuration.
    TraefikDynamic,
    /// A Kubernetes object of this kind.
    Kubernetes(String),
    /// The configuration of a filter without a host.
    Bare,
}

impl Document {
    /// A place in this document.
    pub fn place(&self, node: &Node) -> Place {
        Place { file: self.file, span: node.head() }
    }
}

/// All documents of known kinds.
pub(super) fn find(files: &[File]) -> Vec<Document> {
    let mut found = Vec::new();
    for (index, file) in files.iter().enumerate() {
        for root in &file.documents {
            add(index, file, root, &mut found);
        }
    }
    found
}

fn add(index: usize, file: &File, root: &Node, found: &mut Vec<Document>) {
    // `kubectl get -o yaml` prints lists.
    if root.get("kind").is_some() && root.get("apiVersion").is_some() && root.get("items").is_some()
    {
        let items = root.get("items").map(Node::items).unwrap_or_default();
        items.iter().for_each(|item| add(index, file, item, found));
        return;
    }
    let Some(kind) = kind(root) else { return };
    if matches!(&kind, DocumentKind::Kubernetes(kind) if kind == "ConfigMap" || kind == "Secret") {
        let entries = ["data", "stringData"].into_iter().filter_map(|name| root.get(name));
        for (_, value) in entries.flat_map(Node::members) {
            add_embedded(index, file, value, found);
        }
    }
    found.push(Document { file: index, root: root.clone(), kind });
}

/// Adds the documents in an entry of a ConfigMap.
fn add_embedded(index: usize, file: &File, value: &Node, found: &mut Vec<Document>) {
    let is_block = matches!(&value.content, Content::Scalar { text, style }
        if *style == Style::Block || text.contains('\n') || text.starts_with('{'));
    if !is_block {
        return;
    }
    // Other entries, such as Lua code, are not YAML.
    for root in file.parse_embedded(value).unwrap_or_default() {
        if kind(&root).is_some() {
            add(index, file, &root, found);
        }
    }
}

/// Settings that only Kong has.
const KONG_SETTINGS: [&str; 5] =
    ["wasm", "wasm_filters_path", "declarative_config", "nginx_main_env", "nginx_wasm_shm_kv"];

fn is_kong_settings(root: &Node) -> bool {
    root.members().iter().any(|(name, value)| {
        let name = name.text().unwrap_or_default();
        let is_kongs = name.starts_with("KONG_") || KONG_SETTINGS.contains(&name);
        is_kongs && value.text().is_some()
    })
}

/// The kind of a document by its fields.
fn kind(root: &Node) -> Option<DocumentKind> {
    let has = |name: &str| root.field(name).is_some();
    if let (Some(kind), Some(_)) = (root.get_text("kind"), root.get("apiVersion")) {
        return Some(DocumentKind::Kubernetes(kind.to_owned()));
    }
    if is_kong_settings(root) {
        return Some(DocumentKind::KongSettings);
    }
    let is_kong_env = |env: &Node| {
        env.members()
            .iter()
            .any(|(name, _)| name.text().is_some_and(|name| KONG_SETTINGS.contains(&name)))
    };
    if [&["env"][..], &["gateway", "env"]].into_iter().filter_map(|p| root.at(p)).any(is_kong_env) {
        return Some(DocumentKind::KongValues);
    }
    if has("_format_version") {
        return Some(DocumentKind::Kong);
    }
    let is_envoy = [
        "static_resources",
        "dynamic_resources",
        "resources",
        "configs",
        "filter_chains",
        "virtual_hosts",
        "http_filters",
    ];
    // A service of Kong has filter_chains, too, but never at the root of a document.
    // The values of a Helm chart have resources, too, but not as a list.
    let is_list = |name: &str| {
        !matches!(name, "resources" | "configs")
            || root.get(name).is_some_and(|n| !n.items().is_empty())
    };
    if is_envoy.into_iter().any(|name| has(name) && is_list(name)) {
        return Some(DocumentKind::Envoy);
    }
    if ["entryPoints", "providers", "experimental"].into_iter().any(has) {
        return Some(DocumentKind::TraefikStatic);
    }
    if ["http", "tcp", "udp", "tls"].into_iter().any(has) {
        return Some(DocumentKind::TraefikDynamic);
    }
    if has("services") || has("routes") || has("consumers") {
        return Some(DocumentKind::Kong);
    }
    // A single HTTP filter or cluster, as in a file of a filter discovery service.
    (has("@type") || has("typed_config")).then_some(DocumentKind::Envoy)
}
