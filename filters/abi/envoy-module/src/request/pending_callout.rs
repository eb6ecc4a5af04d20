//! [`PendingCallout`]: a callout that has not ended.

use std::{
    any::Any,
    rc::Rc,
    time::{Duration, Instant},
};

use novasphere_core::Callout;

use crate::config::monotonic_now;

/// A callout that has not ended.
pub(super) struct PendingCallout {
    pub(super) id: u64,
    pub(super) ticket: Rc<dyn Any>,
    pub(super) max_body: usize,
    sent_at: Instant,
    timeout: Duration,
}

impl PendingCallout {
    /// The callout that Envoy just accepted under the number `id`.
    pub(super) fn new(id: u64, callout: &Callout<'_>) -> Self {
        Self {
            id,
            ticket: Rc::clone(&callout.ticket),
            max_body: callout.max_body,
            sent_at: monotonic_now(),
            timeout: Duration::from_millis(u64::from(callout.timeout_ms)),
        }
    }

    /// Whether three quarters of the time limit have passed.
    pub(super) fn is_overdue(&self) -> bool {
        monotonic_now().saturating_duration_since(self.sent_at) >= self.timeout / 4 * 3
    }
}
