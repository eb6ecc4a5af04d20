//! When the timer's work is due.
//!
//! The host adds another timer each time a period is set, ignores a second period, and keeps the
//! timers of old configurations. So the period is set once, and work starts by the clock. A timer
//! can be stopped, but a request cannot start it again.
//!
//! A trap in a timer call is worse than one in a request: the new instance sets its period, and the
//! host keeps the old timer, so timers double each time. So work that needs shared data waits until
//! a request has shown that a zone exists: see `zone`.

use std::cell::Cell;

use crate::dialect::work::Work;

/// The timer's period, in milliseconds.
pub(super) const PERIOD_MS: u32 = 100;

/// A configuration without requests for this time may be gone. Its work pauses until the next
/// request, or ends if it is optional.
const IDLE_MS: u64 = 3_600_000;

/// The timer of one configuration.
pub(super) struct Timer {
    started: Cell<bool>,
    /// Whether a request arrived since the last call of the timer.
    used: Cell<bool>,
    used_at: Cell<u64>,
    work: Cell<Work>,
}

impl Default for Timer {
    fn default() -> Self {
        Self {
            started: Cell::default(),
            used: Cell::default(),
            used_at: Cell::default(),
            work: Cell::new(Work::EachCall),
        }
    }
}

impl Timer {
    /// A request arrived.
    pub(super) fn on_request(&self) {
        self.used.set(true);
    }

    /// Whether the work is due at `now`, in milliseconds.
    pub(super) fn is_due(&self, now: u64) -> bool {
        if self.used.take() || !self.started.replace(true) {
            self.used_at.set(now);
        }
        !self.is_idle(now) && self.work.get().due_in(now) == Some(0)
    }

    /// Whether no request has arrived for [`IDLE_MS`], so the configuration may be gone.
    pub(super) fn is_idle(&self, now: u64) -> bool {
        self.used_at.get().saturating_add(IDLE_MS) <= now
    }

    /// Makes the work due `in_ms` milliseconds after `now`. `None` for never.
    pub(super) fn schedule(&self, now: u64, in_ms: Option<u32>) {
        self.work.set(in_ms.map_or(Work::Never, |in_ms| Work::later(now, in_ms)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_due_on_time_regardless_of_ticks() {
        let timer = Timer::default();
        assert!(timer.is_due(1_000));
        timer.schedule(1_000, Some(1_000));
        assert_eq!([1_000, 1_100, 1_999].map(|now| timer.is_due(now)), [false; 3]);
        assert!(timer.is_due(2_000));
        timer.schedule(2_000, None);
        assert!(!timer.is_due(3_000_000));
    }

    #[test]
    fn work_is_due_after_the_clock_was_set_back() {
        let timer = Timer::default();
        assert!(timer.is_due(20_000_000));
        timer.schedule(20_000_000, Some(1_000));
        assert!(!timer.is_due(20_000_999) && timer.is_due(9_000_000));
        timer.schedule(9_000_000, Some(1_000));
        assert!(!timer.is_due(9_000_999) && timer.is_due(9_001_000));
    }

    #[test]
    fn work_pauses_after_an_hour_without_requests() {
        let timer = Timer::default();
        assert!(timer.is_due(0) && timer.is_due(IDLE_MS - 1));
        assert!(!timer.is_due(IDLE_MS));
        timer.on_request();
        assert!(timer.is_due(IDLE_MS + 100) && timer.is_due(2 * IDLE_MS + 99));
        assert!(!timer.is_due(2 * IDLE_MS + 100));
    }
}
