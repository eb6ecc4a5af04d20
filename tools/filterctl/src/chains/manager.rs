//! [`Manager`]: a connection manager with its filters.

use std::collections::HashSet;

use crate::{
    found::{Document, DocumentKind, Place, Platform, Project},
    source::Node,
};

/// A connection manager.
#[derive(Debug)]
pub(crate) struct Manager<'p> {
    /// The connection manager's message.
    pub(crate) node: &'p Node,
    /// The document.
    pub(crate) document: &'p Document,
    /// The groups of its routes.
    pub(crate) groups: HashSet<usize>,
    /// The filters of its chain and of its routes: indices in [`Project::filters`].
    pub(crate) filters: Vec<usize>,
}

impl Manager<'_> {
    /// The place of a field, or of the connection manager without it.
    pub(crate) fn place(&self, name: &str) -> Place {
        let node = self.node.field(name);
        let member = self
            .node
            .members()
            .iter()
            .find(|(_, value)| node.is_some_and(|node| std::ptr::eq(value, node)));
        let head = self.node.get("stat_prefix").unwrap_or(self.node);
        let span = member.map_or_else(|| head.head(), |(key, _)| key.span.clone());
        Place { file: self.document.file, span }
    }

    /// The text of a field at a path.
    pub(crate) fn text(&self, names: &[&str]) -> Option<&str> {
        self.node.fields(names).and_then(Node::text)
    }

    /// Whether a field is true.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        // Envoy's dumps show a BoolValue as an object.
        self.text(&[name]) == Some("true") || self.text(&[name, "value"]) == Some("true")
    }
}

/// All connection managers in files of Envoy.
pub(crate) fn managers(project: &Project) -> Vec<Manager<'_>> {
    let mut found = Vec::new();
    for (index, document) in project.documents_of(&DocumentKind::Envoy) {
        document.root.walk(&mut |node| {
            // The http_filters of an upstream belong to no connection manager.
            let is_manager = node.field("http_filters").is_some();
            if is_manager {
                found.push(manager(project, index, document, node));
            }
        });
    }
    found
}

fn manager<'p>(
    project: &'p Project,
    index: usize,
    document: &'p Document,
    node: &'p Node,
) -> Manager<'p> {
    let is_inside = |place: &Place| {
        place.file == document.file
            && node.span.start <= place.span.start
            && place.span.end <= node.span.end
    };
    let mut filters: Vec<usize> = Vec::new();
    for (n, filter) in project.filters.iter().enumerate() {
        if filter.document == index
            && filter.platform == Platform::Envoy
            && is_inside(&filter.place)
        {
            filters.push(n);
        }
    }
    let own: HashSet<usize> = filters.iter().copied().collect();
    let mut groups = HashSet::new();
    for route in project.routes.iter().filter(|route| route.document == index) {
        let runs_own = route.filters.iter().any(|filter| own.contains(filter));
        if is_inside(&route.place) || runs_own {
            groups.insert(route.group);
        }
    }
    let of_routes = project.routes.iter().filter(|route| groups.contains(&route.group));
    for filter in of_routes.flat_map(|route| &route.filters) {
        if !filters.contains(filter) {
            filters.push(*filter);
        }
    }
    Manager { node, document, groups, filters }
}
