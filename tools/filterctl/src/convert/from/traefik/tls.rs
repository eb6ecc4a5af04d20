//! TLS settings of routers, and options that ask for client certificates.

use std::collections::BTreeMap;

use crate::{found::Document, source::Node};

/// The TLS settings of a router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The key of its options in [`TlsOptions`]. `None` for the default ones.
    pub options: Option<String>,
}

impl Tls {
    /// The settings in a field.
    pub fn of(node: Option<&Node>) -> Option<Self> {
        let node = node.filter(|node| node.text() != Some("false"))?;
        let options = node.get("options");
        let name = options.and_then(|options| options.text().or(options.get_text("name")));
        Some(Self { options: name.map(without_provider).map(str::to_owned) })
    }
}

/// The name without `@file`.
fn without_provider(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// Sets of options by name. Each tells whether clients need a certificate.
#[derive(Debug, Default)]
pub struct TlsOptions {
    needs_certificate: BTreeMap<String, bool>,
}

impl TlsOptions {
    /// Adds the options of a file.
    pub fn add_file(&mut self, document: &Document) {
        let options = document.root.at(&["tls", "options"]).map(Node::members);
        for (key, node) in options.unwrap_or_default() {
            self.add(key.text().unwrap_or_default(), node);
        }
    }

    /// Adds a set of options. Of several with one name, the strictest counts.
    pub fn add(&mut self, name: &str, node: &Node) {
        let needs = node.field("clientAuth").is_some_and(|auth| {
            auth.field("clientAuthType").and_then(Node::text) != Some("NoClientCert")
        });
        let known = self.needs_certificate.entry(name.to_owned()).or_default();
        *known = *known || needs;
    }

    /// Why a router with these settings cannot be converted. `None` if it can.
    pub fn obstacle(&self, tls: &Tls) -> Option<String> {
        let name = tls.options.as_deref().unwrap_or("default");
        match self.needs_certificate.get(name) {
            Some(true) => Some(format!("its TLS options {name} ask for client certificates")),
            None if name != "default" => {
                Some(format!("its TLS options {name} are not in the input"))
            }
            _ => None,
        }
    }
}
