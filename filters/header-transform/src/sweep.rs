//! Rules that take away what they do not name.

use crate::{
    kept,
    pattern::{Fold, NamePattern},
};

/// Which lines go.
#[derive(Clone, Debug)]
pub(crate) enum Sweep {
    /// Those with such a name.
    Matching(NamePattern),
    /// Those whose name none of these matches.
    AllBut(Vec<NamePattern>),
}

impl Sweep {
    /// Whether lines of that name go.
    pub(crate) fn takes(&self, name: &[u8], fold: Fold) -> bool {
        match self {
            Sweep::Matching(pattern) => {
                pattern.matches(name, fold) && !kept::stays_unless_named(name)
            }
            Sweep::AllBut(allowed) => {
                !allowed.iter().any(|pattern| pattern.matches(name, fold))
                    && !kept::stays_unlisted(name)
            }
        }
    }
}
