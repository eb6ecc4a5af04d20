//! Names and numbers of ABI 0.2.1, and the results of host calls.

use std::fmt;

/// Statuses that hosts return, besides 0 (Ok).
pub mod status {
    /// The key, property or header does not exist.
    pub const NOT_FOUND: u32 = 1;
    /// An argument is invalid.
    pub const BAD_ARGUMENT: u32 = 2;
    /// Another writer changed the value since it was read.
    pub const CAS_MISMATCH: u32 = 8;
    /// Any other failure.
    pub const INTERNAL_FAILURE: u32 = 10;
}

/// Terminates the instance or the whole worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The text that the host logs.
    pub why: String,
    /// Whether the worker process crashes.
    pub crashes_worker: bool,
}

impl Trap {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), crashes_worker: false }
    }

    pub(crate) fn crash(why: impl Into<String>) -> Self {
        Self { why: why.into(), crashes_worker: true }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// The result of a host call: a value, a status or a trap.
pub type Called<T> = Result<Result<T, u32>, Trap>;

/// Header maps with their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// Request headers.
    Request = 0,
    /// Response headers.
    Response = 2,
    /// Headers of the response to a callout.
    CalloutResponse = 6,
}

impl Map {
    pub(crate) fn of(number: u32) -> Option<Self> {
        [Self::Request, Self::Response, Self::CalloutResponse]
            .into_iter()
            .find(|m| *m as u32 == number)
    }
}
