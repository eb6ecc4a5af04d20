//! [`BulkRemoval`]: removal of headers that a rule does not name one by one.

use std::fmt;

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

/// The rule for readers of the configuration: `remove x-internal-*`.
impl fmt::Display for BulkRemoval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matching(pattern) => write!(f, "remove {}", pattern.as_str()),
            Self::AllExcept(allowed) => {
                let allowed: Vec<&str> = allowed.iter().map(NamePattern::as_str).collect();
                write!(f, "allow {}", allowed.join(", "))
            }
        }
    }
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
