//! One configuration of a filter.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::{Rc, Weak},
};

use novasphere_core::{ConfigErrors, Filter};

use crate::{
    calls::Calls,
    configuration,
    held::AllHeld,
    hostcalls::{self, Status},
    log,
    metrics::Counters,
    nginx::{
        ticking::{PERIOD_MS, Ticking},
        zone,
    },
    ports::Proxy,
};

/// A configured policy, with what one worker remembers of it.
pub(crate) struct Configured<P: Filter> {
    pub(crate) policy: P,
    pub(crate) state: RefCell<P::State>,
    counters: OnceCell<Counters>,
    pub(crate) held: AllHeld<P::Carry>,
    pub(crate) calls: Calls,
    /// Itself.
    pub(crate) me: Weak<Self>,
    /// How often the host calls `on_tick`, in milliseconds; 0 for never.
    tick: Cell<u32>,
    /// What takes its place on nginx.
    pub(crate) ticking: Ticking,
    pub(crate) proxy: Proxy,
}

impl<P: Filter> Configured<P> {
    /// Defined by the first that asks: a host that cannot make one more may trap, which must not
    /// happen on nginx while it configures the filter.
    pub(crate) fn counters(&self) -> &Counters {
        self.counters.get_or_init(|| Counters::define(&self.policy))
    }

    /// Has the policy asked about its duties, and about what is held, at once.
    pub(crate) fn tick_soon(&self) {
        self.set_tick(SOON_MS);
    }

    pub(crate) fn set_tick(&self, millis: u32) {
        if self.tick.replace(millis) != millis {
            set_period::<P>(millis);
        }
    }
}

/// While requests wait: short against the time a fetch takes.
pub(crate) const SOON_MS: u32 = 20;

/// Reads a configuration of so many bytes, and starts what it says; `None` if it is refused.
pub(crate) fn configure<P: Filter>(size: usize, calls: &Calls) -> Option<Rc<Configured<P>>> {
    let proxy = Proxy::identify(P::NAME);
    let config = match hostcalls::plugin_configuration(size) {
        Ok(config) => config,
        Err(Status::NOT_FOUND) if size == 0 => Vec::new(),
        Err(Status(status)) => {
            log::error(P::NAME, format_args!("configuration unreadable: host status {status}"));
            return None;
        }
    };
    match P::from_json(&configuration::json(config), &proxy) {
        Ok(policy) => {
            let configured = Rc::new_cyclic(|me| Configured {
                me: me.clone(),
                policy,
                state: RefCell::default(),
                counters: OnceCell::new(),
                proxy,
                held: AllHeld::default(),
                calls: calls.clone(),
                tick: Cell::new(0),
                ticking: Ticking::default(),
            });
            start_up(&configured);
            Some(configured)
        }
        Err(errors) => {
            refuse::<P>(&errors);
            None
        }
    }
}

/// What there is to do for a policy that was just accepted.
fn start_up<P: Filter>(configured: &Configured<P>) {
    if !configured.proxy.is_nginx {
        configured.counters();
        if configured.policy.uses_timer() {
            configured.tick_soon();
        }
        return;
    }
    if configured.policy.uses_shared_data() {
        let setting = zone::SETTING;
        log::info(P::NAME, format_args!("shares data: {setting} in kong.conf makes the zone"));
    }
    if configured.policy.uses_timer() {
        set_period::<P>(PERIOD_MS);
    }
}

fn set_period<P: Filter>(millis: u32) {
    if let Err(Status(status)) = hostcalls::set_tick_period(millis) {
        log::error(P::NAME, format_args!("no timer: host status {status}"));
    }
}

/// The log is the only place where an operator sees why: one line a fault.
fn refuse<P: Filter>(errors: &ConfigErrors) {
    for line in errors.to_string().lines() {
        log::error(P::NAME, format_args!("configuration refused: {line}"));
    }
}
