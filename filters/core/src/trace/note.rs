//! The events of a trace.

use crate::{Decision, HeaderMutation, LocalResponse};

/// A part of a request that a filter compared, and the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The part: `rules[2]`, `claim exp`, `header origin`.
    pub subject: String,
    /// The expectation of the configuration. Empty for none.
    pub expected: String,
    /// The actual value in the request.
    pub found: String,
    /// The outcome of the comparison.
    pub outcome: Outcome,
    /// Whether the decision results from it.
    pub decides: bool,
}

/// The outcome of a note.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was compared.
    #[default]
    Fact,
    /// The request meets the expectation.
    Match,
    /// The request does not meet the expectation.
    Mismatch,
}

/// An event of a trace, in the order in which the filters work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceEvent {
    /// A filter starts to decide about a request. The notes up to its decision are its own.
    Starts {
        /// The filter's name.
        filter: &'static str,
    },
    /// A note.
    Note(Note),
    /// A filter lets the request continue.
    Continues {
        /// The filter's name.
        filter: &'static str,
        /// The decision's name in metrics.
        reason: &'static str,
        /// The changes to the request head.
        mutations: Vec<TracedMutation>,
    },
    /// A filter makes the request wait for a fetch or a callout.
    Waits {
        /// The filter's name.
        filter: &'static str,
    },
    /// A filter responds.
    Responds {
        /// The filter's name.
        filter: &'static str,
        /// The decision's name in metrics.
        reason: &'static str,
        /// The changes to the request head, for access logs.
        mutations: Vec<TracedMutation>,
        /// The response, before other filters changed it.
        response: TracedResponse,
    },
    /// A filter changes the response of the upstream.
    ChangesResponse {
        /// The filter's name.
        filter: &'static str,
        /// The changes to the response head.
        mutations: Vec<TracedMutation>,
    },
    /// A filter saw the local response of another one.
    PassesBack {
        /// The filter's name.
        filter: &'static str,
        /// The response afterwards.
        response: TracedResponse,
    },
}

/// A [`HeaderMutation`] that borrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracedMutation {
    /// Replaces all lines of the name.
    Set(String, Vec<u8>),
    /// Adds a line.
    Add(String, Vec<u8>),
    /// Removes all lines of the name.
    Remove(String),
    /// Replaces the request target.
    Target(Vec<u8>),
}

/// A [`LocalResponse`] that borrows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedResponse {
    /// The status code.
    pub status: u16,
    /// The header lines.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Note {
    /// A fact about `subject`.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }

    /// Adds the expectation.
    #[must_use]
    pub fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: expected.into(), ..self }
    }

    /// Adds the actual value.
    #[must_use]
    pub fn found(self, found: impl Into<String>) -> Self {
        Self { found: found.into(), ..self }
    }

    /// Adds the actual value. Bytes that are not printable ASCII become `?`.
    #[must_use]
    pub fn found_bytes(self, found: &[u8]) -> Self {
        self.found(printable(found))
    }

    /// Adds the outcome of the comparison.
    #[must_use]
    pub fn matches(self, is_match: bool) -> Self {
        let outcome = if is_match { Outcome::Match } else { Outcome::Mismatch };
        Self { outcome, ..self }
    }

    /// Says whether the decision results from it.
    #[must_use]
    pub fn decides(self, decides: bool) -> Self {
        Self { decides, ..self }
    }
}

/// Bytes as text for a note. Bytes that are not printable ASCII become `?`.
fn printable(bytes: &[u8]) -> String {
    let readable = |byte: &u8| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' };
    bytes.iter().map(readable).collect()
}

impl TraceEvent {
    /// The event of a filter's decision.
    pub fn decision<C>(filter: &'static str, decision: &Decision<'_, C>) -> Self {
        match decision {
            Decision::Continue { mutations, reason, .. } => {
                Self::Continues { filter, reason, mutations: TracedMutation::all(mutations) }
            }
            Decision::Pause { .. } | Decision::Call(_) => Self::Waits { filter },
            Decision::Respond { mutations, response, reason } => Self::Responds {
                filter,
                reason,
                mutations: TracedMutation::all(mutations),
                response: TracedResponse::from(&**response),
            },
        }
    }
}

impl TracedMutation {
    /// Copies of mutations.
    pub fn all(mutations: &[HeaderMutation<'_>]) -> Vec<Self> {
        mutations.iter().map(Self::from).collect()
    }
}

impl From<&HeaderMutation<'_>> for TracedMutation {
    fn from(mutation: &HeaderMutation<'_>) -> Self {
        match mutation {
            HeaderMutation::Set(name, value) => Self::Set(name.as_str().to_owned(), value.to_vec()),
            HeaderMutation::Add(name, value) => Self::Add(name.as_str().to_owned(), value.to_vec()),
            HeaderMutation::Remove(name) => Self::Remove(name.as_str().to_owned()),
            HeaderMutation::Target(target) => Self::Target(target.clone()),
        }
    }
}

impl From<&LocalResponse<'_>> for TracedResponse {
    fn from(response: &LocalResponse<'_>) -> Self {
        let lines = response.headers.iter();
        Self {
            status: response.status,
            headers: lines
                .map(|(name, value)| (name.as_str().to_owned(), value.to_vec()))
                .collect(),
            body: response.body.to_vec(),
        }
    }
}
