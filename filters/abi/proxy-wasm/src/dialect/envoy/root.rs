//! Root contexts on Envoy. The timer's period changes with the work.

use std::cell::Cell;

use novasphere_core::Clock;

use crate::{
    dialect::{RequiredServices, RootDialect, set_timer},
    hostcalls::{self, Status},
};

/// The timer's period while requests are paused, and before the first work. Short compared with a
/// fetch.
const SOON_MS: u32 = 20;

/// A root context.
pub(crate) struct Root {
    filter: &'static str,
    /// The timer's period in milliseconds. 0 if it is stopped.
    period_ms: Cell<u32>,
}

impl Root {
    pub(crate) fn new(filter: &'static str) -> Self {
        Self { filter, period_ms: Cell::new(0) }
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
            self.set_period(SOON_MS);
        }
    }

    fn on_request(&self) {}

    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
        hostcalls::shared_data(key)
    }

    fn timer_is_due(&self, _: &dyn Clock) -> bool {
        true
    }

    fn schedule_timer(&self, again_in_ms: Option<u32>, has_paused: bool) {
        self.set_period(match (again_in_ms, has_paused) {
            (Some(again), true) => again.clamp(1, SOON_MS),
            (Some(again), false) => again.max(1),
            (None, true) => SOON_MS,
            (None, false) => 0,
        });
    }

    fn on_pause(&self) {
        self.set_period(SOON_MS);
    }
}
