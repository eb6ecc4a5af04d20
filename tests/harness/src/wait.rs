//! Waits for a condition.

use std::{thread::sleep, time::Duration};

use anyhow::{Result, bail};

use crate::clock::instant;

/// The limit of [`until`], and of one read by a client. Only a failing test waits this long, so it allows
/// for a machine under heavy load, where the start of a proxy with many modules takes minutes.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// The interval between two polls.
const INTERVAL: Duration = Duration::from_millis(20);

/// Calls `poll` until it returns a value.
///
/// # Errors
/// Fails if `poll` fails, or returns no value within [`PATIENCE`].
pub fn until<T>(what: &str, poll: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    within(PATIENCE, what, poll)
}

/// Calls `poll` until it returns a value, for at most `limit`.
///
/// # Errors
/// Fails if `poll` fails, or returns no value within `limit`.
pub fn within<T>(
    limit: Duration,
    what: &str,
    mut poll: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = instant();
    loop {
        if let Some(value) = poll()? {
            return Ok(value);
        }
        if start.elapsed() > limit {
            bail!("timed out after {} s waiting for {what}", limit.as_secs());
        }
        sleep(INTERVAL);
    }
}
