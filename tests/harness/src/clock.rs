//! The system clock. Filters take the time as an argument; the harness reads it here.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[allow(clippy::disallowed_methods)] // the one place that reads the clock
pub fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970-01-01T00:00:00Z, rounded down.
pub fn unix_seconds() -> u64 {
    unix_millis() / 1000
}

/// The current instant, to measure durations.
#[allow(clippy::disallowed_methods)] // as above
pub fn instant() -> Instant {
    Instant::now()
}
