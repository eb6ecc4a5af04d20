//! Names and numbers of ABI 0.2.1, and how calls end.

use std::fmt;

/// The status numbers of the ABI that the hosts answer with, besides 0.
pub mod status {
    /// There is no such thing.
    pub const NOT_FOUND: u32 = 1;
    /// An argument is wrong.
    pub const BAD_ARGUMENT: u32 = 2;
    /// Another was faster.
    pub const CAS_MISMATCH: u32 = 8;
    /// Something else.
    pub const INTERNAL_FAILURE: u32 = 10;
}

/// Ends the instance, or the whole worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// What the host logs.
    pub why: String,
    /// Whether the process ends.
    pub crashes_worker: bool,
}

impl Trap {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), crashes_worker: false }
    }

    pub(super) fn crash(why: impl Into<String>) -> Self {
        Self { why: why.into(), crashes_worker: true }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

/// What a call comes to: a result, a status, or a trap.
pub type Called<T> = Result<Result<T, u32>, Trap>;

/// Header maps, by their ABI numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// Of the request.
    Request = 0,
    /// Of the response.
    Response = 2,
    /// Of the reply to a call that just ended.
    CallReply = 6,
}

impl Map {
    pub(super) fn of(number: u32) -> Option<Self> {
        [Self::Request, Self::Response, Self::CallReply].into_iter().find(|m| *m as u32 == number)
    }
}
