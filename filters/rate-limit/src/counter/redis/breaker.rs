//! The circuit breaker: after failures in a row, calls stop for a while, then one request probes.

use std::rc::{Rc, Weak};

use crate::config::BreakerConfig;

/// The breaker of one worker.
#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Until when calls stop, in milliseconds. `None` while the breaker is closed.
    open_until: Option<u64>,
    /// The pending probe.
    probe: Weak<()>,
}

/// A change of the breaker's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transition {
    None,
    Opened,
    Closed,
}

impl Breaker {
    /// Whether a request may call now. `call` lives as long as its call.
    pub(super) fn allows_call(&mut self, config: BreakerConfig, call: &Rc<()>, now: u64) -> bool {
        let Some(until) = self.open_until else { return true };
        // A time beyond `open_ms` means that the clock was set back.
        let is_over = until <= now || until > now.saturating_add(u64::from(config.open_ms));
        // The probe ends if its client leaves. Then the next request probes.
        if !is_over || self.probe.strong_count() > 0 {
            return false;
        }
        self.probe = Rc::downgrade(call);
        true
    }

    pub(super) fn succeeded(&mut self) -> Transition {
        self.failures = 0;
        self.probe = Weak::new();
        if self.open_until.take().is_some() { Transition::Closed } else { Transition::None }
    }

    pub(super) fn failed(&mut self, config: BreakerConfig, call: &Rc<()>, now: u64) -> Transition {
        let until = now.saturating_add(u64::from(config.open_ms));
        if self.open_until.is_some() {
            // A call that was pending when the breaker opened has no new information.
            if std::ptr::eq(self.probe.as_ptr(), Rc::as_ptr(call)) {
                self.open_until = Some(until);
                self.probe = Weak::new();
            }
            return Transition::None;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures < config.failures {
            return Transition::None;
        }
        self.open_until = Some(until);
        Transition::Opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: BreakerConfig = BreakerConfig { failures: 3, open_ms: 1_000 };

    /// Makes a failing call. Returns whether the breaker allowed it.
    fn fails(breaker: &mut Breaker, now: u64) -> bool {
        let call = Rc::new(());
        let allowed = breaker.allows_call(CONFIG, &call, now);
        if allowed {
            breaker.failed(CONFIG, &call, now);
        }
        allowed
    }

    #[test]
    fn opens_after_failures_in_a_row() {
        let mut breaker = Breaker::default();
        assert!(fails(&mut breaker, 0) && fails(&mut breaker, 1));
        assert_eq!(breaker.succeeded(), Transition::None);
        assert!((0..3).all(|now| fails(&mut breaker, now)));
        assert!(!fails(&mut breaker, 3) && !fails(&mut breaker, 1_001));
    }

    #[test]
    fn probes_with_one_call_at_a_time() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        let (probe, other) = (Rc::new(()), Rc::new(()));
        assert!(breaker.allows_call(CONFIG, &probe, 1_000));
        assert!(!breaker.allows_call(CONFIG, &other, 1_000));
        assert_eq!(breaker.failed(CONFIG, &probe, 1_200), Transition::None);
        assert!(!breaker.allows_call(CONFIG, &other, 2_199));
        assert!(breaker.allows_call(CONFIG, &other, 2_200));
        assert_eq!(breaker.succeeded(), Transition::Closed);
        assert!(fails(&mut breaker, 2_200) && fails(&mut breaker, 2_200));
    }

    #[test]
    fn abandoned_probe_is_followed_by_another() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        let probe = Rc::new(());
        assert!(breaker.allows_call(CONFIG, &probe, 5_000));
        drop(probe);
        assert!(breaker.allows_call(CONFIG, &Rc::new(()), 5_000));
    }

    #[test]
    fn calls_from_before_it_opened_do_not_keep_it_open() {
        let mut breaker = Breaker::default();
        let late = Rc::new(());
        assert!(breaker.allows_call(CONFIG, &late, 0));
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        assert_eq!(breaker.failed(CONFIG, &late, 900), Transition::None);
        assert!(breaker.allows_call(CONFIG, &Rc::new(()), 1_000));
    }

    #[test]
    fn clock_set_back_does_not_keep_it_open() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 1_000_000)));
        assert!(breaker.allows_call(CONFIG, &Rc::new(()), 5_000));
    }
}
