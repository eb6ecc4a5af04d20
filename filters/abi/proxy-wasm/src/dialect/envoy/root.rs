//! Root contexts on Envoy. The timer's period changes with the work.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

use novasphere_core::Clock;

use crate::{
    dialect::{RequiredServices, RootDialect, set_timer, work::Work},
    hostcalls::{self, Status},
};

/// The timer's period while requests are paused, and before the first work. Short compared with a
/// fetch.
const SOON_MS: u32 = 20;

/// Maximum time that a value of a metric waits.
const FLUSH_MS: u32 = 1_000;

/// A root context.
pub(crate) struct Root {
    filter: &'static str,
    /// The timer's period in milliseconds. 0 if it is stopped.
    period_ms: Cell<u32>,
    work: Cell<Work>,
    /// The time of the timer's last call, in milliseconds.
    now: Cell<u64>,
}

impl Root {
    pub(crate) fn new(filter: &'static str) -> Self {
        Self { filter, period_ms: Cell::new(0), work: Cell::new(Work::Never), now: Cell::default() }
    }

    fn set_period(&self, millis: u32) {
        if self.period_ms.replace(millis) != millis {
            set_timer(self.filter, millis);
        }
    }
}

impl RootDialect for Root {
    fn start(&self, required: RequiredServices, define_metrics: &dyn Fn()) {
        define_metrics();
        if required.timer {
            self.work.set(Work::EachCall);
            self.set_period(SOON_MS);
        }
    }

    fn on_request(&self) {}

    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
        hostcalls::shared_data(key)
    }

    /// `RandomState` is keyed by the host's `random_get` (WASI).
    fn random_bytes(&self) -> [u8; 16] {
        let half = |n: u8| u128::from(RandomState::new().hash_one(n));
        (half(0) | (half(1) << 64)).to_le_bytes()
    }

    fn timer_is_due(&self, clock: &dyn Clock) -> bool {
        self.now.set(clock.now().millis);
        self.work.get().due_in(self.now.get()) == Some(0)
    }

    fn schedule_timer(&self, again_in_ms: Option<u32>, has_paused: bool) {
        let (work, period) = match (again_in_ms, has_paused) {
            (Some(again), true) => (Work::EachCall, again.clamp(1, SOON_MS)),
            (None, true) => (Work::EachCall, SOON_MS),
            (Some(again), false) => {
                let again = again.max(1);
                (Work::later(self.now.get(), again), again)
            }
            (None, false) => (Work::Never, 0),
        };
        self.work.set(work);
        self.set_period(period);
    }

    fn keep_timer(&self) {
        self.set_period(self.work.get().due_in(self.now.get()).map_or(0, |left| left.max(1)));
    }

    fn on_pause(&self) {
        self.work.set(Work::EachCall);
        self.set_period(SOON_MS);
    }

    /// Does nothing if the timer's next call is near. Setting a period starts it again, so a call
    /// for each value could delay the timer forever.
    fn on_waiting_metric(&self, clock: &dyn Clock) {
        if (1..=FLUSH_MS).contains(&self.period_ms.get()) {
            return;
        }
        let due_in = match self.work.get() {
            Work::Never => None,
            work => work.due_in(clock.now().millis),
        };
        self.set_period(due_in.map_or(FLUSH_MS, |left| left.clamp(1, FLUSH_MS)));
    }
}

#[cfg(test)]
mod tests {
    use novasphere_core::UnixTime;

    use super::*;

    #[derive(Default)]
    struct Wall(Cell<u64>);

    impl Clock for Wall {
        fn now(&self) -> UnixTime {
            UnixTime { millis: self.0.get() }
        }
    }

    /// A root context whose timer's work asks for another call after `again_in_ms`.
    struct Timer {
        root: Root,
        wall: Wall,
        again_in_ms: Option<u32>,
    }

    impl Timer {
        fn new(again_in_ms: Option<u32>) -> Self {
            let root = Root::new("test");
            let required =
                RequiredServices { timer: again_in_ms.is_some(), ..RequiredServices::default() };
            root.start(required, &|| ());
            Self { root, wall: Wall(Cell::new(1_000_000)), again_in_ms }
        }

        fn period(&self) -> u32 {
            self.root.period_ms.get()
        }

        fn pass(&self, millis: u64) {
            self.wall.0.set(self.wall.0.get() + millis);
        }

        /// Calls the timer as the host does. Returns whether the work ran.
        fn call(&self) -> bool {
            self.pass(self.period().into());
            let is_due = self.root.timer_is_due(&self.wall);
            if is_due {
                self.root.schedule_timer(self.again_in_ms, false);
            } else {
                self.root.keep_timer();
            }
            is_due
        }
    }

    #[test]
    fn timer_runs_for_metrics_only_while_some_wait() {
        let timer = Timer::new(None);
        assert_eq!(timer.period(), 0);
        timer.root.on_waiting_metric(&timer.wall);
        assert_eq!(timer.period(), FLUSH_MS);
        assert!(!timer.call());
        assert_eq!(timer.period(), 0);
    }

    #[test]
    fn work_keeps_its_time_beside_metrics() {
        let timer = Timer::new(Some(10_000));
        assert_eq!(timer.period(), SOON_MS);
        assert!(timer.call());
        let start = timer.wall.0.get();
        assert_eq!(timer.period(), 10_000);
        let mut calls = 0;
        while !{
            timer.pass(123);
            timer.root.on_waiting_metric(&timer.wall);
            assert!((1..=FLUSH_MS).contains(&timer.period()));
            timer.call()
        } {
            calls += 1;
        }
        assert_eq!(timer.wall.0.get(), start + 10_000);
        assert!(calls >= 8, "{calls}");
        assert_eq!(timer.period(), 10_000);
    }

    #[test]
    fn metrics_do_not_delay_a_timer_that_fires_soon() {
        for (again, period) in [(1, 1), (500, 500), (1_000, 1_000)] {
            let timer = Timer::new(Some(again));
            assert!(timer.call());
            timer.root.on_waiting_metric(&timer.wall);
            assert_eq!(timer.period(), period);
            assert!(timer.call());
        }
        let timer = Timer::new(None);
        timer.root.on_pause();
        timer.root.on_waiting_metric(&timer.wall);
        assert_eq!(timer.period(), SOON_MS);
        assert!(timer.call());
    }

    #[test]
    fn pause_while_metrics_wait_makes_work_due_soon() {
        let timer = Timer::new(None);
        timer.root.on_waiting_metric(&timer.wall);
        timer.root.on_pause();
        assert_eq!(timer.period(), SOON_MS);
        assert!(timer.call());
    }

    #[test]
    fn clock_set_back_makes_work_due() {
        let timer = Timer::new(Some(10_000));
        assert!(timer.call());
        timer.wall.0.set(1_000);
        timer.root.on_waiting_metric(&timer.wall);
        assert!(timer.call());
    }
}
