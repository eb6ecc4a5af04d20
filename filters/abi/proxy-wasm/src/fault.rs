//! Why a decision could not be carried out. No fault panics.

use std::fmt;

use crate::hostcalls::Status;

/// A reason to respond with an error instead of the filter's decision.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No configuration was accepted.
    NotConfigured,
    /// The host called the filter during another call.
    Reentered,
    /// A host call failed: its purpose and the host's status.
    Host(&'static str, Status),
    /// The host cannot carry out the decision.
    Unable(String),
    /// The request cannot be handled on this host. The client gets the status and the message,
    /// which contains no character that JSON escapes.
    Client {
        /// The status of the response.
        status: u16,
        /// The message for the client.
        message: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConfigured => f.write_str("not configured: an earlier line gives the reason"),
            Self::Reentered => f.write_str("called by the host during another call"),
            Self::Host(purpose, Status(status)) => {
                write!(f, "could not {purpose}: host status {status}")
            }
            Self::Unable(what) => write!(f, "cannot {what}"),
            Self::Client { status, message } => write!(f, "{status}: {message}"),
        }
    }
}

impl std::error::Error for Fault {}
