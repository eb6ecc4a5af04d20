//! Overrides of filters on routes.

use crate::{
    chains::manager::Manager, check::lints::report::Report, finding::codes, found::Place,
    source::Node,
};

/// An override for a filter that the connection manager does not have has no effect.
pub(super) fn check(manager: &Manager<'_>, report: &mut Report) {
    let filters = manager.node.field("http_filters").map(Node::items).unwrap_or_default();
    let names: Vec<&str> = filters.iter().filter_map(|filter| filter.get_text("name")).collect();
    let Some(table) = manager.node.field("route_config") else { return };
    let hosts = table.field("virtual_hosts").map(Node::items).unwrap_or_default();
    let routes =
        hosts.iter().flat_map(|host| host.get("routes").map(Node::items).unwrap_or_default());
    for scope in std::iter::once(table).chain(hosts).chain(routes) {
        let overrides = scope.field("typed_per_filter_config").map(Node::members);
        for (key, _) in overrides.unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            if !names.contains(&name) {
                let place = Place { file: manager.document.file, span: key.span.clone() };
                let message = format!(
                    "typed_per_filter_config: http_filters have no {name:?}; they are {}",
                    names.join(", ")
                );
                report.add(&codes::UNKNOWN_OVERRIDE, place, message);
            }
        }
    }
}
