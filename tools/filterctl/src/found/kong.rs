//! Kong's declarative configuration.

mod routes;

pub(in crate::found) use self::routes::{PathRank, Rank, path_condition};

use novasphere_explain::FilterKind;

use super::{Document, DocumentKind, FilterConfig, Found, Platform, Project};
use crate::source::{Node, Reader};

/// Adds the filters and routes of all documents of Kong.
pub(super) fn find(project: &mut Project) {
    let documents = std::mem::take(&mut project.documents);
    let group = project.new_group();
    for (index, document) in documents.iter().enumerate() {
        if document.kind == DocumentKind::Kong {
            routes::add(project, index, document, group);
        }
    }
    project.documents = documents;
}

/// Adds a filter of a chain, or a plugin that is a filter. Returns its index.
pub(super) fn add_filter(
    project: &mut Project,
    platform: Platform,
    index: usize,
    document: &Document,
    entry: &Node,
    (name, config): (&str, Option<&Node>),
) -> Option<usize> {
    let kind = FilterKind::from_name(name).filter(|_| name.starts_with("novasphere"))?;
    let reader = match platform {
        Platform::Kong => Reader::Kong,
        _ => Reader::Kubernetes,
    };
    let file = project.files.get(document.file)?;
    let config = match config {
        Some(config) => FilterConfig::of(file, config, reader),
        None => {
            let mut none = FilterConfig::fields(entry, reader);
            none.json.clear();
            none
        }
    };
    project.filters.push(Found {
        kind,
        platform,
        name: name.to_owned(),
        module: name.to_owned(),
        config,
        entry: entry.clone(),
        place: document.place(entry),
        document: index,
    });
    Some(project.filters.len().saturating_sub(1))
}
