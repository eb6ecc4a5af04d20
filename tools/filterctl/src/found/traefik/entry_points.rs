//! [`EntryPoints`]: the entry points of static configurations, and those of a router.

use super::StaticConfig;
use crate::found::Document;

/// The entry points of static configurations.
#[derive(Debug, Default)]
pub(in crate::found) struct EntryPoints {
    /// Names of those with `asDefault`, in lower case.
    defaults: Vec<String>,
}

impl EntryPoints {
    /// The entry points in these documents. A Helm chart calls them ports.
    pub(in crate::found) fn of(documents: &[Document]) -> Self {
        let mut found = Self::default();
        for config in StaticConfig::all_in(documents, "entrypoints.") {
            for root in ["entryPoints", "ports"] {
                for (name, _) in config.names(root) {
                    let is_default = config.get(&format!("{root}.{name}.asDefault"));
                    if is_default.is_some_and(|(value, _)| value == "true") {
                        found.defaults.push(name.to_owned());
                    }
                }
            }
        }
        found
    }

    /// The entry points of a router that names these, in lower case. Empty for all.
    pub(in crate::found) fn of_router<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Vec<String> {
        let names: Vec<String> =
            names.map(|name| name.trim().to_ascii_lowercase()).filter(|n| !n.is_empty()).collect();
        if names.is_empty() { self.defaults.clone() } else { names }
    }
}
