//! When duties are due, under a timer that cannot be trusted.
//!
//! The host adds a timer at every period that is set, takes no second period, and goes on with the
//! timers of configurations that are gone. So the period is set once and stays, and what is due is
//! decided here, by the clock.
//!
//! A trap in a tick is worse than one in a request: the instance is made anew and sets its period,
//! and the host goes on with the old timer besides, so that they double each time. So duties that
//! need shared data wait until a request has shown that there is some: see `zone`.

use std::cell::Cell;

/// The period, in milliseconds.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))] // set where the host is called
pub(crate) const PERIOD_MS: u32 = 100;

/// A configuration without requests for so long may be gone: its duties rest until one comes.
const IDLE_MS: u64 = 3_600_000;

/// The timer of one configuration.
#[derive(Default)]
pub(crate) struct Ticking {
    started: Cell<bool>,
    /// Whether there was a request since the last look.
    used: Cell<bool>,
    used_at: Cell<u64>,
    due_at: Cell<u64>,
}

impl Ticking {
    /// A request came.
    pub(crate) fn used(&self) {
        self.used.set(true);
    }

    /// Whether the duties are due at `now`, in milliseconds.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        if self.used.take() || !self.started.replace(true) {
            self.used_at.set(now);
        }
        self.used_at.get().saturating_add(IDLE_MS) > now && self.due_at.get() <= now
    }

    /// The duties are due again in so many milliseconds; `None` for never.
    pub(crate) fn again(&self, now: u64, in_ms: Option<u32>) {
        self.due_at.set(in_ms.map_or(u64::MAX, |ms| now.saturating_add(u64::from(ms))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duties_come_when_they_are_due_however_many_ticks_there_are() {
        let ticking = Ticking::default();
        assert!(ticking.is_due(1_000));
        ticking.again(1_000, Some(1_000));
        assert_eq!([1_000, 1_100, 1_999].map(|now| ticking.is_due(now)), [false; 3]);
        assert!(ticking.is_due(2_000));
        ticking.again(2_000, None);
        assert!(!ticking.is_due(3_000_000));
    }

    #[test]
    fn without_requests_duties_rest_until_one_comes() {
        let ticking = Ticking::default();
        assert!(ticking.is_due(0) && ticking.is_due(IDLE_MS - 1));
        assert!(!ticking.is_due(IDLE_MS));
        ticking.used();
        assert!(ticking.is_due(IDLE_MS + 100) && ticking.is_due(2 * IDLE_MS + 99));
        assert!(!ticking.is_due(2 * IDLE_MS + 100));
    }
}
