//! Why a decision could not be carried out. No fault panics.

use std::fmt;

/// A reason to respond with 500 instead of the filter's decision.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Envoy called the filter during another call.
    Reentered,
    /// A host call failed: its purpose.
    Host(&'static str),
    /// The adapter cannot carry out the decision.
    Unable(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reentered => f.write_str("called by the host during another call"),
            Self::Host(purpose) => write!(f, "could not {purpose}"),
            Self::Unable(what) => write!(f, "cannot {what}"),
        }
    }
}

impl std::error::Error for Fault {}
