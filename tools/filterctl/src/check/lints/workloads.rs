//! [`Container`]: containers of Kubernetes workloads, with their environment.

use crate::{
    found::{Document, DocumentKind, Place, Project},
    source::Node,
};

/// A container of a workload.
#[derive(Debug)]
pub(super) struct Container<'p> {
    document: &'p Document,
    node: &'p Node,
    /// The variables by name, with their values if the manifest contains them.
    pub(super) variables: Vec<(&'p str, Option<&'p Node>)>,
    /// Whether it may have further variables, from a Secret.
    pub(super) has_secret: bool,
    /// The image.
    pub(super) image: &'p str,
}

impl Container<'_> {
    /// The place of the container's name. Reports show its line, and those of variables may hold
    /// secrets.
    pub(super) fn place(&self) -> Place {
        self.document_place(self.node.get("name").unwrap_or(self.node))
    }

    /// The place of a node of the container.
    pub(super) fn document_place(&self, node: &Node) -> Place {
        self.document.place(node)
    }

    /// Whether the container gets a variable.
    pub(super) fn has(&self, name: &str) -> bool {
        self.has_secret || self.variables.iter().any(|(known, _)| *known == name)
    }
}

/// The containers of all Deployments, DaemonSets, StatefulSets and Pods.
pub(super) fn containers(project: &Project) -> Vec<Container<'_>> {
    let mut found = Vec::new();
    for document in &project.documents {
        let DocumentKind::Kubernetes(kind) = &document.kind else { continue };
        let path: &[&str] = match kind.as_str() {
            "Deployment" | "DaemonSet" | "StatefulSet" => &["spec", "template", "spec"],
            "Pod" => &["spec"],
            _ => continue,
        };
        let containers = document.root.at(path).and_then(|spec| spec.get("containers"));
        for node in containers.map(Node::items).unwrap_or_default() {
            found.push(container(document, node));
        }
    }
    found
}

fn container<'p>(document: &'p Document, node: &'p Node) -> Container<'p> {
    let variables = node.get("env").map(Node::items).unwrap_or_default().iter();
    let sources = node.get("envFrom").map(Node::items).unwrap_or_default();
    Container {
        document,
        node,
        variables: variables
            .filter_map(|variable| Some((variable.get_text("name")?, variable.get("value"))))
            .collect(),
        has_secret: sources.iter().any(|source| source.get("secretRef").is_some()),
        image: node.get_text("image").unwrap_or_default(),
    }
}
