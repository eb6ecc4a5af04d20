//! PendingQueues for a condition instead of for a time.

use std::{thread::sleep, time::Duration};

use anyhow::{Result, bail};

use crate::clock::instant;

/// How long a condition is waited for before the harness gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How long to pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `look` again and again until it answers something.
///
/// # Errors
/// When it has answered nothing within [`PATIENCE`], or failed.
pub fn until<T>(what: &str, look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    within(PATIENCE, what, look)
}

/// The same for what takes longer than usual, or must not.
///
/// # Errors
/// When it has answered nothing within `span`, or failed.
pub fn within<T>(
    span: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = instant();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > span {
            bail!("waited {} s in vain for {what}", span.as_secs());
        }
        sleep(PAUSE);
    }
}
