//! The VMs of the filters.

use crate::{
    check::lints::report::Report,
    finding::codes,
    found::{DocumentKind, Found, Place, Platform, Project},
    source::Node,
};

pub(super) fn check(project: &Project, report: &mut Report) {
    for (index, _) in project.documents_of(&DocumentKind::Envoy) {
        let filters = project
            .filters
            .iter()
            .filter(|filter| filter.document == index && filter.platform == Platform::Envoy);
        let mut first: Option<&str> = None;
        for filter in filters {
            let (vm_id, place) = vm_id(filter);
            match first {
                Some(first) if first != vm_id => {
                    let message = format!(
                        "{}: vm_id {vm_id:?} does not share data with filters of vm_id {first:?}",
                        filter.name
                    );
                    report.add(&codes::DIFFERENT_VM_IDS, place, message);
                }
                Some(_) => {}
                None => first = Some(vm_id),
            }
        }
    }
}

/// The vm_id of a filter, empty by default.
fn vm_id(filter: &Found) -> (&str, Place) {
    let vm_id = filter.plugin().and_then(|plugin| plugin.fields(&["vm_config", "vm_id"]));
    let place = vm_id.map_or_else(
        || filter.place.clone(),
        |node| Place { file: filter.place.file, span: node.span.clone() },
    );
    (vm_id.and_then(Node::text).unwrap_or_default(), place)
}
