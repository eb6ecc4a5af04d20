//! Counters. A proxy never frees one, so the names come from the policy's closed sets.

use novasphere_core::{Filter, MetricKind, Metrics};

use crate::{hostcalls, log};

/// The counters of one policy.
pub(crate) struct Counters {
    counters: Vec<(&'static str, u32)>,
    /// The policy's own, where the host took them.
    own: Vec<Option<(MetricKind, u32)>>,
}

impl Counters {
    /// Makes a counter for each decision and each event: `novasphere.filter=<filter>.<kind>=<name>.<kind>s`,
    /// and the policy's own metrics: `novasphere.filter=<filter>.<labels>.<name>`, without dots
    /// inside the labels, so that the proxy's tag rules can take them apart.
    pub(crate) fn define<P: Filter>(policy: &P) -> Self {
        let decisions = P::REASONS.iter().map(|name| ("decision", *name));
        let events = P::EVENTS.iter().map(|name| ("event", *name));
        let counters = decisions.chain(events).filter_map(|(kind, name)| {
            let labels = format!("{kind}={name}.{kind}s");
            Some((name, define(MetricKind::Counter, P::NAME, &labels)?))
        });
        let own = policy.metric_definitions().into_iter().map(|metric| {
            let name = format!("{}.{}", metric.labels, metric.name);
            Some((metric.kind, define(metric.kind, metric.filter, &name)?))
        });
        Self { counters: counters.collect(), own: own.collect() }
    }
}

fn define(kind: MetricKind, filter: &str, name: &str) -> Option<u32> {
    let name = format!("novasphere.filter={filter}.{name}");
    match hostcalls::define_metric(kind, &name) {
        Ok(id) => Some(id),
        Err(status) => {
            log::warn(filter, format_args!("no metric {name}: host status {}", status.0));
            None
        }
    }
}

impl Metrics for Counters {
    fn add(&self, event: &'static str, times: u32) {
        if let Some((_, id)) = self.counters.iter().find(|(name, _)| *name == event) {
            hostcalls::increment(*id, times);
        }
    }

    fn record(&self, own: usize, value: u32) {
        match self.own.get(own) {
            Some(Some((MetricKind::Counter, id))) => hostcalls::increment(*id, value),
            Some(Some((MetricKind::Gauge, id))) => hostcalls::set_gauge(*id, value),
            _ => {}
        }
    }
}
