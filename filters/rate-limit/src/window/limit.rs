//! A limit on one window, and the counts of all windows of a client.

use super::period::Period;

/// The number of windows one configuration can limit: six named periods and `window`.
pub(crate) const MAX_WINDOWS: usize = 7;

/// The number of requests a client may send in each window of a period.
///
/// The `Debug` text is part of the keys of stored counts. See
/// [`namespace`](crate::limiter::namespace).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) period: Period,
    /// At least 1.
    pub(crate) requests: u32,
}

/// The counts of a client's windows, in the order of its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) counts: [u32; MAX_WINDOWS],
    /// The time of the counts, by the clock that counted, in milliseconds since the epoch.
    pub(crate) at: u64,
}

/// Milliseconds as whole seconds, rounded down.
pub(crate) fn seconds(millis: u64) -> u32 {
    u32::try_from(millis / 1_000).unwrap_or(u32::MAX)
}
