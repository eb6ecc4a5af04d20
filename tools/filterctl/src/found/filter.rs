//! [`Found`]: a configured filter in a file.

use std::path::Path;

use novasphere_explain::{FilterKind, ProxyKind};

use super::Place;
use crate::source::{Content, File, Node, ParseError, Reader};

/// A configured filter.
#[derive(Clone, Debug)]
pub struct Found {
    /// The filter.
    pub kind: FilterKind,
    /// The host that the file is for.
    pub platform: Platform,
    /// The name of the entry in the host's configuration.
    pub name: String,
    /// The name of the proxy's module, or of the plugin: `novasphere-jwt-auth.wasm`.
    pub module: String,
    /// The filter's own configuration.
    pub config: FilterConfig,
    /// The entry in the host's configuration.
    pub entry: Node,
    /// The place for messages about the entry as a whole.
    pub place: Place,
    /// The index of the document in [`Project::documents`](super::Project).
    pub document: usize,
}

impl Found {
    /// The plugin's configuration in a filter of Envoy, also in a TypedStruct or in a patch of Istio:
    /// the message with `vm_config`. `None` on other hosts.
    pub fn plugin(&self) -> Option<&Node> {
        let config = self.entry.field("typed_config")?;
        config.field("config").or_else(|| config.get("value")?.field("config"))
    }
}

/// The kind of file that a filter was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Envoy's own configuration.
    Envoy,
    /// Resources of Envoy Gateway.
    EnvoyGateway,
    /// Resources of Istio.
    Istio,
    /// Kong's declarative configuration.
    Kong,
    /// Resources of the Kong Ingress Controller.
    KongIngress,
    /// Traefik's files.
    Traefik,
    /// Resources of Traefik's Kubernetes provider.
    TraefikKubernetes,
    /// The filter's configuration without a host.
    Bare(ProxyKind),
}

impl Platform {
    /// The proxy that runs the filter.
    pub const fn proxy(self) -> ProxyKind {
        match self {
            Self::Envoy | Self::EnvoyGateway | Self::Istio => ProxyKind::Envoy,
            Self::Kong | Self::KongIngress => ProxyKind::Kong,
            Self::Traefik | Self::TraefikKubernetes => ProxyKind::Traefik,
            Self::Bare(proxy) => proxy,
        }
    }
}

/// The configuration of a filter as its module receives it.
#[derive(Clone, Debug)]
pub struct FilterConfig {
    /// The tree with positions. For an unreadable text, the scalar with the text.
    pub node: Node,
    /// JSON text.
    pub json: String,
    /// Whether the file contains the JSON text, not fields.
    pub is_text: bool,
    /// See [`novasphere_core::Host::values_are_text`].
    pub values_are_text: bool,
    /// See [`novasphere_core::Host::guesses_types`].
    pub guesses_types: bool,
    /// Why the text is not readable.
    pub error: Option<ParseError>,
}

impl FilterConfig {
    /// A configuration that is written as fields.
    pub fn fields(node: &Node, reader: Reader) -> Self {
        Self {
            node: node.clone(),
            json: reader.value(node).to_string(),
            is_text: false,
            values_are_text: false,
            guesses_types: false,
            error: None,
        }
    }

    /// A configuration that is written as JSON text.
    pub fn text(file: &File, scalar: &Node) -> Self {
        let json = scalar.text().unwrap_or_default().to_owned();
        let (node, error) = match file.parse_embedded(scalar) {
            Ok(mut documents) if documents.len() == 1 => (documents.remove(0), None),
            Ok(_) => (scalar.clone(), None),
            Err(error) => (scalar.clone(), Some(error)),
        };
        Self { node, json, is_text: true, values_are_text: false, guesses_types: false, error }
    }

    /// Text, or else fields.
    pub fn of(file: &File, node: &Node, reader: Reader) -> Self {
        match &node.content {
            Content::Scalar { .. } if !node.is_null() => Self::text(file, node),
            _ => Self::fields(node, reader),
        }
    }
}

/// The filter of a module: `/etc/envoy/wasm/novasphere-jwt-auth.wasm`, or an image such as
/// `oci://registry.example.com/novasphere/jwt-auth:0.1.0`.
pub(super) fn of_module(module: &str) -> Option<FilterKind> {
    let name = module.rsplit('/').next()?;
    let name = name.split(['@', '?']).next()?;
    let is_file = Path::new(name).extension().is_some_and(|e| e.eq_ignore_ascii_case("wasm"));
    let stem = if is_file { name.rsplit_once('.')?.0 } else { name.split(':').next()? };
    let stem = stem.strip_suffix(".http").unwrap_or(stem);
    FilterKind::from_name(stem).or_else(|| within(stem))
}

/// The filter in a name such as `novasphere-jwt-auth-0.1.0`.
fn within(name: &str) -> Option<FilterKind> {
    let name = name.replace('_', "-");
    let rest = name.strip_prefix("novasphere-")?;
    FilterKind::ALL.into_iter().find(|kind| {
        rest.strip_prefix(kind.name()).is_some_and(|version| version.starts_with(['-', '.']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_filter_of_a_module() {
        for module in [
            "/etc/envoy/wasm/novasphere-jwt-auth.wasm",
            "jwt_auth.wasm",
            "novasphere-jwt-auth.http.wasm",
            "https://example.com/novasphere-jwt-auth.wasm?x=1",
            "oci://registry.example.com:5000/novasphere/jwt-auth:0.1.0",
            "registry.example.com/novasphere/jwt-auth@sha256:00",
            "novasphere-jwt-auth-0.1.0.wasm",
        ] {
            assert_eq!(of_module(module), Some(FilterKind::JwtAuth), "{module}");
        }
        assert_eq!(of_module("/etc/envoy/wasm/coraza.wasm"), None);
    }
}
