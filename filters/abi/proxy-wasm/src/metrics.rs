//! Metrics of a filter. A proxy never frees one, so their names come from closed sets.

use novasphere_core::{Filter, MetricKind, Metrics};

use crate::hostcalls;

/// The metrics of a configured filter.
pub(crate) struct HostMetrics {
    /// The host's IDs of the counters of reasons and events.
    counters: Vec<(&'static str, u32)>,
    /// The host's IDs of the filter's metric definitions. `None` if the host refused one.
    defined: Vec<Option<(MetricKind, u32)>>,
}

impl HostMetrics {
    /// Defines a counter for each reason and event,
    /// `novasphere.filter=<filter>.<kind>=<name>.<kind>s`, and the filter's metric definitions,
    /// `novasphere.filter=<filter>.<labels>.<name>`. Label values contain no dots, so the proxy's
    /// tag rules can split the names.
    pub(crate) fn define<F: Filter>(filter: &F) -> Self {
        let reasons = F::REASONS.iter().map(|name| ("decision", *name));
        let events = F::EVENTS.iter().map(|name| ("event", *name));
        let counters = reasons.chain(events).filter_map(|(kind, name)| {
            let labels = format!("{kind}={name}.{kind}s");
            Some((name, define(MetricKind::Counter, F::NAME, &labels)?))
        });
        let defined = filter.metric_definitions().into_iter().map(|metric| {
            let name = format!("{}.{}", metric.labels, metric.name);
            Some((metric.kind, define(metric.kind, metric.filter, &name)?))
        });
        Self { counters: counters.collect(), defined: defined.collect() }
    }
}

fn define(kind: MetricKind, filter: &str, name: &str) -> Option<u32> {
    let name = format!("novasphere.filter={filter}.{name}");
    match hostcalls::define_metric(kind, &name) {
        Ok(id) => Some(id),
        Err(status) => {
            log::warn!(target: filter, "no metric {name}: host status {}", status.0);
            None
        }
    }
}

impl Metrics for HostMetrics {
    fn add(&self, event: &'static str, times: u32) {
        // Both names are usually the same constant, so compare addresses first.
        let same = self.counters.iter().find(|(name, _)| std::ptr::eq(*name, event));
        let equal = || self.counters.iter().find(|(name, _)| *name == event);
        if let Some((_, id)) = same.or_else(equal) {
            hostcalls::increment(*id, times);
        }
    }

    fn record(&self, index: usize, value: u32) {
        match self.defined.get(index) {
            Some(Some((MetricKind::Counter, id))) => hostcalls::increment(*id, value),
            Some(Some((MetricKind::Gauge, id))) => hostcalls::set_gauge(*id, value),
            _ => {}
        }
    }
}
