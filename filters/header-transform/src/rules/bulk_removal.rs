//! [`BulkRemoval`]: removal of headers that a rule does not name one by one.

use crate::{
    name_pattern::{Fold, NamePattern},
    protected_headers::{is_spared_by_allow, is_spared_by_patterns},
};

/// Which lines a rule removes.
#[derive(Clone, Debug)]
pub(super) enum BulkRemoval {
    /// Lines whose name matches.
    Matching(NamePattern),
    /// Lines whose name matches none of these.
    AllExcept(Vec<NamePattern>),
}

impl BulkRemoval {
    pub(super) fn removes(&self, name: &[u8], fold: Fold) -> bool {
        match self {
            BulkRemoval::Matching(pattern) => {
                pattern.matches(name, fold) && !is_spared_by_patterns(name)
            }
            BulkRemoval::AllExcept(allowed) => {
                !allowed.iter().any(|pattern| pattern.matches(name, fold))
                    && !is_spared_by_allow(name)
            }
        }
    }
}
