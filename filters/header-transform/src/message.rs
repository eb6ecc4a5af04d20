//! The two kinds of message.

use crate::pattern::{Fold, IN_ANY_CASE, LOOSELY};

/// Which message a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

impl Message {
    /// Its name in the configuration.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Message::Request => "request",
            Message::Response => "response",
        }
    }

    /// How the names of headers are compared that are to go.
    pub(crate) fn fold(self) -> Fold {
        match self {
            Message::Request => LOOSELY,
            Message::Response => IN_ANY_CASE,
        }
    }
}
