//! The filters among `KongPlugin`s, by reference.

use super::{
    Objects,
    objects::{Object, is_filter_in_secret},
};
use crate::found::NamedFilters;

/// The annotation that names plugins.
const PLUGINS: &str = "konghq.com/plugins";

/// The filters among the KongPlugins that an object's annotation names, in the order of the file:
/// their ids, and so the order in which they run, are not known.
pub(super) fn annotated(objects: &Objects<'_>, object: Object<'_>) -> NamedFilters {
    let names = object.annotation(PLUGINS).unwrap_or_default();
    let mut found = NamedFilters::default();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let (namespace, name) = name.split_once(':').unwrap_or((object.namespace(), name));
        found.add(named(objects, namespace, name));
    }
    found
}

/// The filters of a KongPlugin or KongClusterPlugin.
pub(super) fn named(objects: &Objects<'_>, namespace: &str, name: &str) -> NamedFilters {
    let plugin = objects.find("KongPlugin", namespace, name).or_else(|| {
        objects.of_kind("KongClusterPlugin").iter().copied().find(|p| p.name() == name)
    });
    let mut found = NamedFilters::default();
    match plugin {
        Some(plugin) if plugin.document.root.get_text("disabled") == Some("true") => {}
        Some(plugin) if is_filter_in_secret(plugin.document) => {
            let reason = "its configuration is in a Secret";
            found.left_out.push(format!("the plugin {name} is left out: {reason}"));
        }
        Some(plugin) => found.filters.extend(objects.filters(plugin)),
        None => found.left_out.push(format!("the plugin {name} was not found and is left out")),
    }
    found
}
