//! Envoy's own filters.
//!
//! - `listeners`, `tls`: listeners and their filter chains;
//! - `routes`: connection managers, virtual hosts and routes;
//! - `conditions`, `answers`: the conditions of routes, and responses of Envoy itself;
//! - `clusters`: clusters;
//! - `chain`: the filters of a route;
//! - `jwt_authn`, `requirement`, `parts`, `local_ratelimit`, `cors`, `header_mutation`, `rbac`: one filter
//!   each.

mod answers;
mod chain;
mod clusters;
mod conditions;
mod cors;
mod header_mutation;
mod jwt_authn;
mod listeners;
mod local_ratelimit;
mod parts;
mod rbac;
mod requirement;
mod rewrites;
mod routes;
mod tls;

use crate::{
    convert::{model::Gateway, report::Report},
    found::{Document, DocumentKind, Project},
    source::Node,
};

/// Reads the routes of all connection managers.
pub fn read(project: &Project, report: &mut Report) -> Gateway {
    let documents: Vec<&Document> =
        project.documents_of(&DocumentKind::Envoy).map(|(_, document)| document).collect();
    let mut gateway = Gateway { is_host_final: true, is_ordered: true, ..Gateway::default() };
    for document in &documents {
        for chain in listeners::chains(document, report) {
            let index = gateway.listeners.len();
            gateway.listeners.extend(chain.listener);
            if let Some(manager) = chain.manager {
                let (document, documents) = (chain.document, &documents[..]);
                let input = routes::Input { document, documents, manager, listener: index };
                input.add_all(&mut gateway, report);
            }
        }
    }
    gateway
}

/// The last part of a message's type: `JwtAuthentication`.
fn kind(config: &Node) -> &str {
    let url = config.get_text("@type").unwrap_or_default();
    let url = match url.ends_with(".TypedStruct") {
        true => config.field("type_url").and_then(Node::text).unwrap_or_default(),
        false => url,
    };
    url.rsplit('.').next().unwrap_or_default()
}

/// The members of a message, also inside a TypedStruct.
fn body(config: &Node) -> &Node {
    let is_struct = config.get_text("@type").is_some_and(|url| url.ends_with(".TypedStruct"));
    config.get("value").filter(|_| is_struct).unwrap_or(config)
}

/// The text of a field.
fn text<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.field(name).filter(|value| !value.is_null())?.text()
}

/// The items of a list.
fn items<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.field(name).map(Node::items).unwrap_or_default()
}

/// A boolean, also in a wrapper.
fn flag(node: &Node, name: &str) -> bool {
    let value = node.field(name).map(|value| value.get("value").unwrap_or(value));
    value.and_then(Node::text) == Some("true")
}

/// A whole number, also in a wrapper.
fn number(node: &Node, name: &str) -> Option<i64> {
    let value = node.field(name).map(|value| value.get("value").unwrap_or(value))?;
    value.text()?.parse().ok()
}
