//! Root contexts on nginx. The timer's period never changes.

use std::cell::Cell;

use novasphere_core::Clock;

use super::{
    seed::Seed,
    timer::{PERIOD_MS, Timer},
    zone::{self, Zone},
};
use crate::{
    dialect::{RequiredServices, RootDialect, set_timer},
    hostcalls::{self, Status},
};

/// A root context.
pub(crate) struct Root {
    filter: &'static str,
    seed: Seed,
    zone: Zone,
    timer: Timer,
    /// The time of the timer's last call, in milliseconds.
    now: Cell<u64>,
    required: Cell<RequiredServices>,
}

impl Root {
    pub(crate) fn new(filter: &'static str) -> Self {
        Self {
            filter,
            seed: Seed::default(),
            zone: Zone::default(),
            timer: Timer::default(),
            now: Cell::default(),
            required: Cell::default(),
        }
    }
}

impl RootDialect for Root {
    /// Metrics are defined at the first request: a host without space for another metric may trap,
    /// and must not while it configures the filter.
    fn start(&self, required: RequiredServices, _: &dyn Fn()) {
        self.required.set(required);
        if required.shared_data {
            let setting = zone::SETTING;
            log::info!(target: self.filter, "needs shared memory: set {setting} in kong.conf");
        }
        if required.timer {
            set_timer(self.filter, PERIOD_MS);
        }
    }

    fn on_request(&self) {
        self.seed.collect();
        self.timer.on_request();
        if self.required.get().timer {
            // The timer's work waits for the zone.
            self.zone.look(self.filter);
        }
    }

    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
        self.zone.look(self.filter);
        let read = hostcalls::shared_data(key);
        self.zone.set_exists();
        read
    }

    fn random_bytes(&self) -> [u8; 16] {
        self.seed.random_bytes()
    }

    fn timer_is_due(&self, clock: &dyn Clock) -> bool {
        let now = clock.now().millis;
        self.now.set(now);
        self.timer.is_due(now) && self.zone.exists()
    }

    fn schedule_timer(&self, again_in_ms: Option<u32>, _: bool) {
        self.timer.schedule(self.now.get(), again_in_ms);
    }

    /// Stops the timer of an idle configuration, which may be gone.
    fn keep_timer(&self) {
        if self.required.get().timer_is_optional && self.timer.is_idle(self.now.get()) {
            set_timer(self.filter, 0);
        }
    }

    fn on_pause(&self) {}

    fn on_waiting_metric(&self, _: &dyn Clock) {}
}
