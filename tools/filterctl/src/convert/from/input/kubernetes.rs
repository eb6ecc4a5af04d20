//! [`Object`]: a Kubernetes object.

use crate::{
    found::{Document, DocumentKind, Place},
    source::Node,
};

/// A Kubernetes object.
#[derive(Debug)]
pub struct Object<'d> {
    pub document: &'d Document,
    pub root: &'d Node,
    pub kind: &'d str,
    pub name: &'d str,
    pub namespace: &'d str,
}

impl<'d> Object<'d> {
    /// The object in a document.
    pub fn new(document: &'d Document) -> Option<Self> {
        Self::in_namespace(document, "default")
    }

    /// The object in a document, with the namespace of objects without one.
    pub fn in_namespace(document: &'d Document, namespace: &'d str) -> Option<Self> {
        let DocumentKind::Kubernetes(kind) = &document.kind else { return None };
        let root = &document.root;
        let metadata = |field: &str| root.at(&["metadata", field]).and_then(Node::text);
        Some(Self {
            document,
            root,
            kind,
            name: metadata("name").unwrap_or("unnamed"),
            namespace: metadata("namespace").unwrap_or(namespace),
        })
    }

    /// The place for messages about the object as a whole.
    pub fn place(&self) -> Place {
        self.document.place(self.root)
    }

    /// `Ingress api`.
    pub fn describe(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// `apiVersion`.
    pub fn api(&self) -> &'d str {
        self.root.get_text("apiVersion").unwrap_or_default()
    }

    /// An annotation.
    pub fn annotation(&self, name: &str) -> Option<&'d str> {
        self.root.at(&["metadata", "annotations"])?.get_text(name)
    }

    /// The items of an annotation, separated by commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        let items = self.annotation(name).unwrap_or_default().split(',').map(str::trim);
        items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// The items of a list at a path of members.
    pub fn items(&self, path: &[&str]) -> &'d [Node] {
        self.root.at(path).map(Node::items).unwrap_or_default()
    }
}
