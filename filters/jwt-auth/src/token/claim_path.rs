//! The location of a claim in a payload.

use novasphere_core::Json;

/// A claim's name, or a path with dots into objects: `realm_access.roles`.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClaimPath {
    /// The path as configured.
    name: String,
    /// The path split at its dots.
    segments: Vec<String>,
}

impl ClaimPath {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), segments: name.split('.').map(str::to_owned).collect() }
    }

    /// The claim at this path. `None` if it is missing or `null`. A claim with the whole path as its
    /// name takes precedence, because namespaced claims have dots in their names.
    pub(crate) fn find<'c>(&self, claims: &'c Json) -> Option<&'c Json> {
        let nested = || self.segments.iter().try_fold(claims, |object, name| object.get(name));
        claims.get(&self.name).or_else(nested).filter(|claim| **claim != Json::Null)
    }
}
