//! From kong.yml to entities.
//!
//! - `services`, `upstreams`, `routes`: services with their targets, and routes;
//! - `plugins`: plugins with their scopes, and filter chains;
//! - `consumers`: consumers with their credentials and groups.

mod consumers;
mod plugins;
mod routes;
mod services;
mod upstreams;

pub(super) use self::routes::{Conditions, is_legacy_regex, path_match, requires_tls};
use super::entities::{Entities, Scope, reference};
use crate::{
    convert::{from::input::fields::Fields, report::Report},
    found::{Document, DocumentKind, Place, Project},
    source::{Node, Reader},
};

/// Entities of the root that other entities use, or that have no counterpart and no effect here.
const KNOWN: [&str; 17] = [
    "_format_version",
    "_transform",
    "_comment",
    "_info",
    "_workspace",
    "_konnect",
    "_plugin_configs",
    "services",
    "routes",
    "plugins",
    "filter_chains",
    "upstreams",
    "targets",
    "consumers",
    "consumer_groups",
    "tags",
    "parameters",
];

/// Adds the entities of all documents of Kong.
pub(super) fn add(project: &Project, entities: &mut Entities, report: &mut Report) {
    let documents = project.documents_of(&DocumentKind::Kong);
    let mut files: Vec<File<'_>> = documents.map(|(_, document)| File::new(document)).collect();
    // Entities refer to entities of other files.
    files.iter_mut().for_each(|file| file.add_consumers(entities, report));
    files.iter_mut().for_each(|file| file.add_members(entities, report));
    files.iter_mut().for_each(|file| file.add_services(entities, report));
    files.iter_mut().for_each(|file| file.add_routes(entities, report));
    // An expression may match the requests of any route.
    if files.iter().any(File::has_expressions) {
        plugins::obstruct_all(entities, "the input has expressions, which may match its requests");
    }
    for file in &mut files {
        file.add_all_plugins(entities, report);
        file.add_filter_chains(entities, report);
        file.report_rest(report);
    }
}

/// A document of Kong.
struct File<'d> {
    document: &'d Document,
    root: Fields<'d>,
    /// The plugins in other entities, each with the scope of its entity.
    nested: Vec<(&'d Node, Scope)>,
}

impl<'d> File<'d> {
    fn new(document: &'d Document) -> Self {
        let root = Fields::new(Some(&document.root), Reader::Kong);
        Self { document, root, nested: Vec::new() }
    }

    fn has_expressions(&self) -> bool {
        let nested =
            self.root.items("services").iter().flat_map(|service| items(service, "routes"));
        let mut routes = nested.chain(self.root.items("routes"));
        routes.any(|route| route.get("expression").is_some_and(|value| !value.is_null()))
    }

    fn place(&self, node: &Node) -> Place {
        self.document.place(node)
    }

    /// The members of an entity, with decK's defaults for its kind.
    fn fields(&self, node: &'d Node, kind: &str) -> Fields<'d> {
        let defaults = self.document.root.at(&["_info", "defaults", kind]);
        Fields::new(Some(node), Reader::Kong).with_defaults(defaults)
    }

    fn nest_plugins(&mut self, entity: &'d Node, scope: Scope) {
        self.nested.extend(items(entity, "plugins").iter().map(|plugin| (plugin, scope)));
    }

    fn report_rest(&self, report: &mut Report) {
        self.root.ignore(&KNOWN);
        for (key, _) in self.root.rest() {
            let name = key.text().unwrap_or_default();
            report.left_out(&self.place(key), format!("{name}: has no counterpart"));
        }
    }
}

fn items<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map(Node::items).unwrap_or_default()
}

/// The reference to another entity in a field.
fn refers(node: &Node, field: &str) -> Option<String> {
    node.get(field).filter(|value| !value.is_null()).and_then(reference)
}

fn report_rest(fields: &Fields<'_>, place: &Place, owner: &str, report: &mut Report) {
    for (key, _) in fields.rest() {
        let name = key.text().unwrap_or_default();
        let place = Place { file: place.file, span: key.span.clone() };
        report.left_out(&place, format!("{owner}: {name}"));
    }
}
