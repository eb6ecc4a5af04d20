//! The time, read in one place. The policies take it as an argument; the harness has to measure it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods)] // the harness is the outer edge: nothing could hand it the time
pub fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970-01-01T00:00:00Z, rounded down.
pub fn unix_seconds() -> u64 {
    unix_millis() / 1000
}

/// A point in time to measure spans from.
#[allow(clippy::disallowed_methods)] // as above
pub fn instant() -> Instant {
    Instant::now()
}
