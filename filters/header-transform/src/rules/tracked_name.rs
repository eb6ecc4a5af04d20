//! [`TrackedName`]: a header that rules name.

use novasphere_core::HeaderName;

/// A header that rules name, and their effects on it.
#[derive(Clone, Debug)]
pub(crate) struct TrackedName {
    pub(super) name: HeaderName,
    /// Whether a rule removes lines of it. In requests, the name then also matches its spellings
    /// with `_` for `-`.
    pub(super) is_removed: bool,
    /// Whether a rule depends on the lines that arrived.
    pub(super) is_read: bool,
    /// Whether the rules added so far always remove the lines that arrived.
    pub(super) is_cleared: bool,
}

impl TrackedName {
    pub(super) fn new(name: HeaderName) -> Self {
        Self { name, is_removed: false, is_read: false, is_cleared: false }
    }
}
