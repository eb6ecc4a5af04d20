//! The remaining quota of a client.

use crate::window::{Counts, Limit, MAX_WINDOWS, seconds};

/// The counts of a client after a request, handed to the response.
#[derive(Clone, Copy, Debug)]
pub struct Headroom {
    /// The index of the limiter.
    pub(crate) limiter: usize,
    pub(crate) counts: [u32; MAX_WINDOWS],
    /// The time of the counts, in seconds since the epoch.
    pub(crate) now: u32,
}

/// The remaining quota of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// The index of the limit.
    pub(crate) limit: usize,
    pub(crate) requests: u32,
    /// Seconds until the window ends, at least 1.
    pub(crate) reset: u32,
}

impl Headroom {
    /// The headroom under the limiter with index `limiter`.
    pub(crate) fn new(limiter: usize, counts: Counts) -> Self {
        Self { limiter, counts: counts.counts, now: seconds(counts.at) }
    }
}

/// The remaining quota of each window, in the order of the limits.
pub(crate) fn remaining(limits: &[Limit], headroom: &Headroom) -> impl Iterator<Item = Remaining> {
    limits.iter().zip(headroom.counts).enumerate().map(|(index, (limit, count))| Remaining {
        limit: index,
        requests: limit.requests.saturating_sub(count),
        reset: reset(*limit, headroom.now),
    })
}

/// The window with the fewest remaining requests. Of equal ones the longest, because a client must
/// wait until that one resets.
pub(super) fn tightest(limits: &[Limit], headroom: &Headroom) -> Option<Remaining> {
    remaining(limits, headroom).reduce(
        |least, next| {
            if next.requests <= least.requests { next } else { least }
        },
    )
}

fn reset(limit: Limit, now: u32) -> u32 {
    limit.period.window(now).end.saturating_sub(now).max(1)
}
