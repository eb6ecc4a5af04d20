//! Objects of the Ingress Controller.

use novasphere_explain::FilterKind;

use crate::{
    check::lints::report::Report,
    finding::codes,
    found::{Object, Objects, Project},
};

/// The annotation that names plugins.
const PLUGINS: &str = "konghq.com/plugins";

pub(super) fn check(project: &Project, report: &mut Report) {
    let objects = Objects::new(&project.documents, &project.filters);
    let plugins = ["KongPlugin", "KongClusterPlugin"].into_iter();
    let plugins: Vec<Object<'_>> =
        plugins.flat_map(|kind| objects.of_kind(kind)).copied().filter(is_filter).collect();
    for plugin in &plugins {
        one(*plugin, report);
    }
    if plugins.is_empty() {
        return;
    }
    for kind in ["Service", "Ingress", "HTTPRoute"] {
        for object in objects.of_kind(kind) {
            attached(&objects, kind, *object, report);
        }
    }
}

fn is_filter(plugin: &Object<'_>) -> bool {
    let name = plugin.document.root.get_text("plugin").unwrap_or_default();
    FilterKind::from_name(name).is_some() && name.starts_with("novasphere")
}

fn one(plugin: Object<'_>, report: &mut Report) {
    let root = &plugin.document.root;
    let place = |field: &str| plugin.document.place(root.get(field).unwrap_or(root));
    let name = plugin.name();
    if root.get_text("kind") == Some("KongClusterPlugin") && plugin.label("global") == Some("true")
    {
        let message = format!("{name}: a filter cannot be global");
        report.add(&codes::GLOBAL_FILTER, place("metadata"), message);
    }
    if root.get_text("disabled") == Some("true") {
        report.add(&codes::FILTER_DISABLED, place("disabled"), format!("{name}: is switched off"));
    }
    if plugin.label("owner") != Some("helm") {
        let message = format!("{name}: has no label owner: helm");
        report.add(&codes::NOT_FOR_WEBHOOK, place("metadata"), message);
    }
    for field in ["configFrom", "configPatches"] {
        if root.get(field).is_some() {
            let message = format!("{name}: {field}: the configuration is in a Secret");
            report.add(&codes::CONFIG_FROM_SECRET, place(field), message);
        }
    }
}

fn attached(objects: &Objects<'_>, kind: &str, object: Object<'_>, report: &mut Report) {
    let names = object.annotation(PLUGINS).unwrap_or_default();
    let metadata = object.document.root.get("metadata").unwrap_or(&object.document.root);
    let annotations = metadata.get("annotations").unwrap_or(metadata);
    let value = annotations.get(PLUGINS).unwrap_or(annotations);
    let place = || object.document.place(value);
    let mut filters: usize = 0;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (namespace, name) = name.split_once(':').unwrap_or((object.namespace(), name));
        let cluster = objects.of_kind("KongClusterPlugin").iter().copied();
        let plugin = objects
            .find("KongPlugin", namespace, name)
            .or_else(|| cluster.into_iter().find(|plugin| plugin.name() == name));
        match plugin {
            None => {
                let message = format!("{}: {name:?} is not among the files", object.name());
                report.add(&codes::UNKNOWN_PLUGIN, place(), message);
            }
            Some(plugin) if is_filter(&plugin) => {
                filters = filters.saturating_add(1);
                if kind == "Ingress" {
                    let message = format!("{}: put {name:?} on the Service", object.name());
                    report.add(&codes::PLUGIN_ON_INGRESS, place(), message);
                }
            }
            Some(_) => {}
        }
    }
    if filters > 1 {
        let message =
            format!("{}: names {filters} filters, whose order is arbitrary", object.name());
        report.add(&codes::ARBITRARY_ORDER, place(), message);
    }
}
