//! Counters. A proxy never frees one, so the names come from the policy's closed sets.

use novasphere_core::{Metrics, Policy};

use crate::hostcalls;

/// The counters of one policy.
pub(crate) struct Counters {
    counters: Vec<(&'static str, u32)>,
}

impl Counters {
    /// Makes a counter for each decision and each event: `novasphere.filter=<filter>.<kind>=<name>.<kind>s`
    /// without dots inside the labels, so that the proxy's tag rules can take them apart.
    pub(crate) fn define<P: Policy>() -> Self {
        let decisions = P::DECISIONS.iter().map(|name| ("decision", *name));
        let events = P::EVENTS.iter().map(|name| ("event", *name));
        let counters = decisions
            .chain(events)
            .filter_map(|(kind, name)| {
                let full = format!("novasphere.filter={}.{kind}={name}.{kind}s", P::NAME);
                match hostcalls::define_counter(&full) {
                    Ok(id) => Some((name, id)),
                    Err(status) => {
                        log::warn!("{}: no counter {full}: host status {}", P::NAME, status.0);
                        None
                    }
                }
            })
            .collect();
        Self { counters }
    }
}

impl Metrics for Counters {
    fn add(&self, event: &'static str, times: u32) {
        if let Some((_, id)) = self.counters.iter().find(|(name, _)| *name == event) {
            hostcalls::increment(*id, times);
        }
    }
}
