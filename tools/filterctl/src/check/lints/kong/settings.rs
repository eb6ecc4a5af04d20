//! [`Settings`]: Kong's own settings, from all files.

use std::collections::HashMap;

use crate::{
    check::lints::workloads::containers,
    found::{Document, DocumentKind, Place, Project},
    source::Node,
};

/// Kong's own settings, from all files.
#[derive(Debug, Default)]
pub(super) struct Settings<'p> {
    /// The values by name, `nginx_main_env`, of all sources.
    values: HashMap<String, Vec<(&'p str, Place)>>,
    /// The start of a source that has all settings of its Kong.
    pub(super) complete: Option<Place>,
}

impl<'p> Settings<'p> {
    /// Reads all sources.
    pub(super) fn new(project: &'p Project) -> Self {
        let mut settings = Self::default();
        for document in &project.documents {
            match &document.kind {
                DocumentKind::KongSettings => settings.add_all(document, &document.root, true),
                DocumentKind::KongValues => {
                    let env = document.root.get("env").into_iter();
                    for env in env.chain(document.root.at(&["gateway", "env"])) {
                        settings.add_all(document, env, true);
                    }
                }
                DocumentKind::Kubernetes(kind) if kind == "ConfigMap" => {
                    if let Some(data) = document.root.get("data") {
                        settings.add_all(document, data, false);
                    }
                }
                _ => {}
            }
        }
        for container in containers(project) {
            for (name, value) in &container.variables {
                if let (Some(name), Some(value)) = (name.strip_prefix("KONG_"), value) {
                    settings.add(name, value, &container.document_place(value));
                }
            }
        }
        settings
    }

    fn add_all(&mut self, document: &Document, members: &'p Node, is_complete: bool) {
        // Reports show the line of a place, and other lines may hold secrets.
        let mut first = None;
        for (key, value) in members.members() {
            let Some(name) = key.text() else { continue };
            let is_environment = document.kind == DocumentKind::KongSettings
                || matches!(document.kind, DocumentKind::Kubernetes(_));
            let name = match name.strip_prefix("KONG_") {
                Some(name) => name,
                None if is_environment && name.chars().any(|c| c.is_ascii_uppercase()) => continue,
                None => name,
            };
            let place = Place { file: document.file, span: value.head() };
            self.add(name, value, &place);
            first = first.or(Some(Place { file: document.file, span: key.span.clone() }));
        }
        if is_complete && self.complete.is_none() {
            self.complete = first;
        }
    }

    fn add(&mut self, name: &str, value: &'p Node, place: &Place) {
        if let Some(text) = value.text() {
            self.values.entry(name.to_ascii_lowercase()).or_default().push((text, place.clone()));
        }
    }

    /// All values of a setting.
    pub(super) fn all(&self, name: &str) -> &[(&'p str, Place)] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
}
