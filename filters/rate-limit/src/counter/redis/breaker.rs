//! Who asks when calls fail: nobody for a while, then one.

use std::rc::{Rc, Weak};

/// When it opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// After so many failures in a row.
    pub(crate) failures: u32,
    pub(crate) open_ms: u32,
}

/// One worker's.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: u32,
    /// Until when nobody asks, in milliseconds; `None` while it is closed.
    open_until: Option<u64>,
    /// The one call that tries whether it goes again, while that lives.
    probe: Weak<()>,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    No,
    Opened,
    Closed,
}

impl Breaker {
    /// Whether a request may ask now. `call` is what its call lives as long as.
    pub(crate) fn lets_ask(&mut self, terms: Terms, call: &Rc<()>, now: u64) -> bool {
        let Some(until) = self.open_until else { return true };
        // One that is further ahead than can be was written before the clock was set back.
        let is_over = until <= now || until > now.saturating_add(u64::from(terms.open_ms));
        // A client that leaves takes the probe with it, and the next may try.
        if !is_over || self.probe.strong_count() > 0 {
            return false;
        }
        self.probe = Rc::downgrade(call);
        true
    }

    /// A call was answered.
    pub(crate) fn succeeded(&mut self) -> Changed {
        self.failures = 0;
        self.probe = Weak::new();
        if self.open_until.take().is_some() { Changed::Closed } else { Changed::No }
    }

    /// A call failed.
    pub(crate) fn failed(&mut self, terms: Terms, call: &Rc<()>, now: u64) -> Changed {
        let until = now.saturating_add(u64::from(terms.open_ms));
        if self.open_until.is_some() {
            // Those that were under way when it opened say nothing new.
            if std::ptr::eq(self.probe.as_ptr(), Rc::as_ptr(call)) {
                self.open_until = Some(until);
                self.probe = Weak::new();
            }
            return Changed::No;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures < terms.failures {
            return Changed::No;
        }
        self.open_until = Some(until);
        Changed::Opened
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { failures: 3, open_ms: 1_000 };

    /// Asks and fails; whether it might ask.
    fn fails(breaker: &mut Breaker, now: u64) -> bool {
        let call = Rc::new(());
        let asks = breaker.lets_ask(TERMS, &call, now);
        if asks {
            breaker.failed(TERMS, &call, now);
        }
        asks
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        let mut breaker = Breaker::default();
        assert!(fails(&mut breaker, 0) && fails(&mut breaker, 1));
        assert_eq!(breaker.succeeded(), Changed::No);
        assert!((0..3).all(|now| fails(&mut breaker, now)));
        assert!(!fails(&mut breaker, 3) && !fails(&mut breaker, 1_001));
    }

    #[test]
    fn one_at_a_time_tries_whether_it_goes_again() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        let (probe, other) = (Rc::new(()), Rc::new(()));
        assert!(breaker.lets_ask(TERMS, &probe, 1_000));
        assert!(!breaker.lets_ask(TERMS, &other, 1_000));
        assert_eq!(breaker.failed(TERMS, &probe, 1_200), Changed::No);
        assert!(!breaker.lets_ask(TERMS, &other, 2_199));
        assert!(breaker.lets_ask(TERMS, &other, 2_200));
        assert_eq!(breaker.succeeded(), Changed::Closed);
        assert!(fails(&mut breaker, 2_200) && fails(&mut breaker, 2_200));
    }

    #[test]
    fn a_probe_whose_client_leaves_is_followed_by_another() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        let probe = Rc::new(());
        assert!(breaker.lets_ask(TERMS, &probe, 5_000));
        drop(probe);
        assert!(breaker.lets_ask(TERMS, &Rc::new(()), 5_000));
    }

    #[test]
    fn calls_that_were_under_way_do_not_keep_it_open() {
        let mut breaker = Breaker::default();
        let late = Rc::new(());
        assert!(breaker.lets_ask(TERMS, &late, 0));
        (0..3).for_each(|_| assert!(fails(&mut breaker, 0)));
        assert_eq!(breaker.failed(TERMS, &late, 900), Changed::No);
        assert!(breaker.lets_ask(TERMS, &Rc::new(()), 1_000));
    }

    #[test]
    fn a_clock_set_back_does_not_keep_it_open() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| assert!(fails(&mut breaker, 1_000_000)));
        assert!(breaker.lets_ask(TERMS, &Rc::new(()), 5_000));
    }
}
