//! Where a claim is.

use novasphere_core::{BuildContext, Json};

use crate::config::required;

/// A claim's name, or a path with dots into objects: `realm_access.roles`.
#[derive(Clone, Debug)]
pub(crate) struct ClaimPath {
    /// The name as a whole.
    name: String,
    /// The same, split at its dots.
    segments: Vec<String>,
}

impl ClaimPath {
    /// The path in the required field `claim` of the entry at `at`.
    pub fn new(claim: Option<&str>, at: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let name = required(claim, &format!("{at}.claim"), cx)?.to_owned();
        let segments = name.split('.').map(str::to_owned).collect();
        Some(Self { name, segments })
    }

    /// The claim, unless it is missing or `null`. One of that whole name comes first: namespaced
    /// claims have dots in theirs.
    pub fn find<'c>(&self, claims: &'c Json) -> Option<&'c Json> {
        let nested = || self.segments.iter().try_fold(claims, |object, name| object.get(name));
        claims.get(&self.name).or_else(nested).filter(|claim| **claim != Json::Null)
    }
}
