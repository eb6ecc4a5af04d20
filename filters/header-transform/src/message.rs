//! Requests and responses.

use crate::name_pattern::{Fold, IGNORE_CASE, IGNORE_SPELLING};

/// The message that a rule changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

impl Message {
    /// The name in the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Message::Request => "request",
            Message::Response => "response",
        }
    }

    /// Compares the names of headers to remove.
    pub(crate) fn fold(self) -> Fold {
        match self {
            Message::Request => IGNORE_SPELLING,
            Message::Response => IGNORE_CASE,
        }
    }
}
