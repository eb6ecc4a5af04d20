//! The filters among `KongPlugin`s, by reference.

use super::{Objects, objects::Object};

/// The annotation that names plugins.
const PLUGINS: &str = "konghq.com/plugins";

/// The filters among the KongPlugins that an object's annotation names, in the order of the file:
/// their ids, and so the order in which they run, are not known.
pub(super) fn annotated(objects: &Objects<'_>, object: Object<'_>) -> Vec<usize> {
    let names = object.annotation(PLUGINS).unwrap_or_default();
    let mut found = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (namespace, name) = name.split_once(':').unwrap_or((object.namespace(), name));
        found.extend(named(objects, namespace, name));
    }
    found
}

/// The filters of a KongPlugin or KongClusterPlugin.
pub(super) fn named(objects: &Objects<'_>, namespace: &str, name: &str) -> Vec<usize> {
    let plugin = objects.find("KongPlugin", namespace, name).or_else(|| {
        objects.of_kind("KongClusterPlugin").iter().copied().find(|p| p.name() == name)
    });
    let is_on = |plugin: &Object<'_>| plugin.document.root.get_text("disabled") != Some("true");
    let plugin = plugin.filter(is_on);
    plugin.map(|plugin| objects.filters(plugin).to_vec()).unwrap_or_default()
}
