//! When duties are due, under a timer that cannot be trusted.
//!
//! The host adds a timer at every period that is set, takes no second period, and goes on with the
//! timers of configurations that are gone. So the period is set once and stays, and what is due is
//! decided here, by the clock.

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

/// What a tick has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tick {
    Nothing,
    /// Duties for the first time, which may trap: shared data may have no zone. With the period
    /// left on, the host would then double the timers each time.
    FirstDuties,
    Duties,
}

impl Ticking {
    /// A request came.
    pub(crate) fn used(&self) {
        self.used.set(true);
    }

    /// What to do at `now`, in milliseconds.
    pub(crate) fn tick(&self, now: u64) -> Tick {
        let first = !self.started.replace(true);
        if self.used.take() || first {
            self.used_at.set(now);
        }
        if self.used_at.get().saturating_add(IDLE_MS) <= now || self.due_at.get() > now {
            return Tick::Nothing;
        }
        if first { Tick::FirstDuties } else { Tick::Duties }
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
        assert_eq!(ticking.tick(1_000), Tick::FirstDuties);
        ticking.again(1_000, Some(1_000));
        assert_eq!([1_000, 1_100, 1_999].map(|now| ticking.tick(now)), [Tick::Nothing; 3]);
        assert_eq!(ticking.tick(2_000), Tick::Duties);
        ticking.again(2_000, None);
        assert_eq!(ticking.tick(3_000_000), Tick::Nothing);
    }

    #[test]
    fn without_requests_duties_rest_until_one_comes() {
        let ticking = Ticking::default();
        assert_eq!(ticking.tick(0), Tick::FirstDuties);
        assert_eq!(ticking.tick(IDLE_MS - 1), Tick::Duties);
        assert_eq!(ticking.tick(IDLE_MS), Tick::Nothing);
        ticking.used();
        assert_eq!(ticking.tick(IDLE_MS + 100), Tick::Duties);
        assert_eq!(ticking.tick(2 * IDLE_MS + 99), Tick::Duties);
        assert_eq!(ticking.tick(2 * IDLE_MS + 100), Tick::Nothing);
    }
}
