//! [`Objects`]: the Kubernetes objects of a project by kind, namespace and name.

use std::collections::HashMap;

use novasphere_explain::FilterKind;

use crate::{
    found::{DirectResponse, Document, DocumentKind, Found},
    source::Node,
};

/// A Kubernetes object.
#[derive(Clone, Copy, Debug)]
pub struct Object<'d> {
    /// The index of the document.
    pub index: usize,
    /// The document.
    pub document: &'d Document,
}

impl<'d> Object<'d> {
    /// `metadata.name`.
    pub fn name(self) -> &'d str {
        name(&self.document.root)
    }

    /// `metadata.namespace`. `default` if it is missing.
    pub fn namespace(self) -> &'d str {
        let namespace = self.document.root.at(&["metadata", "namespace"]).and_then(Node::text);
        namespace.unwrap_or("default")
    }

    /// The field `spec`.
    pub fn spec(self) -> Option<&'d Node> {
        self.document.root.get("spec")
    }

    /// The value of an annotation.
    pub fn annotation(self, name: &str) -> Option<&'d str> {
        self.document.root.at(&["metadata", "annotations"])?.get_text(name)
    }

    /// The value of a label.
    pub fn label(self, name: &str) -> Option<&'d str> {
        self.document.root.at(&["metadata", "labels"])?.get_text(name)
    }
}

/// The Kubernetes objects of a project.
#[derive(Debug)]
pub struct Objects<'d> {
    by_kind: HashMap<&'d str, Vec<Object<'d>>>,
    filters: HashMap<usize, Vec<usize>>,
}

impl<'d> Objects<'d> {
    /// The objects among documents, and the filters that were found in them.
    pub fn new(documents: &'d [Document], filters: &[Found]) -> Self {
        let mut by_kind: HashMap<&str, Vec<Object<'d>>> = HashMap::new();
        for (index, document) in documents.iter().enumerate() {
            if let DocumentKind::Kubernetes(kind) = &document.kind {
                by_kind.entry(kind).or_default().push(Object { index, document });
            }
        }
        let mut of_documents: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, filter) in filters.iter().enumerate() {
            of_documents.entry(filter.document).or_default().push(index);
        }
        Self { by_kind, filters: of_documents }
    }

    /// The objects of a kind.
    pub fn of_kind(&self, kind: &str) -> &[Object<'d>] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<Object<'d>> {
        let mut all = self.of_kind(kind).iter();
        all.find(|object| object.namespace() == namespace && object.name() == name).copied()
    }

    /// The Middleware of Traefik with this name: `NAMESPACE-NAME@kubernetescrd`.
    pub fn middleware(&self, name: &str) -> Option<Object<'d>> {
        let name = name.strip_suffix("@kubernetescrd")?;
        let is_named = |object: &&Object<'_>| {
            let rest = name.strip_prefix(object.namespace());
            rest.and_then(|rest| rest.strip_prefix('-')) == Some(object.name())
        };
        self.of_kind("Middleware").iter().find(is_named).copied()
    }

    /// The filters of an object, in order: indices in [`Project::filters`](crate::found::Project).
    pub fn filters(&self, object: Object<'_>) -> &[usize] {
        self.filters.get(&object.index).map_or(&[], Vec::as_slice)
    }
}

/// The name of an object.
pub(super) fn name(root: &Node) -> &str {
    root.at(&["metadata", "name"]).and_then(Node::text).unwrap_or_default()
}

/// Whether an object is a plugin of Kong that is a filter, with its whole configuration in a Secret.
pub(in crate::found) fn is_filter_in_secret(document: &Document) -> bool {
    let is_plugin = matches!(&document.kind, DocumentKind::Kubernetes(kind)
        if kind == "KongPlugin" || kind == "KongClusterPlugin");
    let name = document.root.get_text("plugin").unwrap_or_default();
    is_plugin
        && document.root.get("configFrom").is_some()
        && name.starts_with("novasphere")
        && FilterKind::from_name(name).is_some()
}

/// The items of a list in an object.
pub(super) fn items<'n>(node: Option<&'n Node>, name: &str) -> &'n [Node] {
    node.and_then(|node| node.get(name)).map(Node::items).unwrap_or_default()
}

/// The response to the requests of a rule of an HTTPRoute without a backend.
pub(super) fn direct_response(rule: &Node) -> Option<DirectResponse> {
    if !items(Some(rule), "backendRefs").is_empty() {
        return None;
    }
    let mut filters = items(Some(rule), "filters").iter();
    let redirect = filters.find_map(|filter| filter.get("requestRedirect"));
    let of_redirect = |node: &Node| DirectResponse::new(node.get("statusCode"), Some(302));
    Some(redirect.map_or_else(DirectResponse::default, of_redirect))
}

/// The texts of a list in an object.
pub(super) fn texts(node: Option<&Node>, name: &str) -> Vec<String> {
    items(node, name).iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::File;

    #[test]
    fn rule_without_a_backend_responds_itself() {
        let redirect = |status: &str| {
            format!("filters: [{{type: RequestRedirect, requestRedirect: {{{status}}}}}]")
        };
        let unknown = Some(DirectResponse { status: None });
        for (rule, expected) in [
            ("backendRefs: [{name: s}]".to_owned(), None),
            (redirect(""), Some(DirectResponse { status: Some(302) })),
            (redirect("statusCode: 308"), Some(DirectResponse { status: Some(308) })),
            (redirect("statusCode: x"), unknown),
            ("name: a".to_owned(), unknown),
        ] {
            let file = File::new("x.yaml", rule.clone());
            assert_eq!(direct_response(&file.documents[0]), expected, "{rule}");
        }
    }
}
