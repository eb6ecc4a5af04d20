//! Metrics of a filter. A proxy never frees one, so their names come from closed sets.

use novasphere_core::{Filter, MetricDefinition, MetricKind, Metrics};

use crate::hostcalls;

/// The metrics of a configured filter.
pub(crate) struct HostMetrics {
    decisions: Counters,
    events: Counters,
    /// The host's IDs of the filter's metric definitions. `None` if the host refused one.
    defined: Vec<Option<(MetricKind, u32)>>,
}

/// Counters, each with the name of its decision or event and the host's ID.
struct Counters(Vec<(&'static str, u32)>);

impl HostMetrics {
    /// Defines a counter for each reason and event,
    /// `novasphere.filter=<filter>.<kind>=<name>.<kind>s`, and the filter's metric definitions,
    /// `novasphere.filter=<filter>.<labels>.<name>`. Label values contain no dots, so the proxy's
    /// tag rules can split the names.
    pub(crate) fn define<F: Filter>(filter: &F) -> Self {
        let defined = |metric: MetricDefinition| {
            let name = format!("{}.{}", metric.labels, metric.name);
            Some((metric.kind, define(metric.kind, metric.filter, &name)?))
        };
        Self {
            decisions: Counters::define(F::NAME, "decision", F::REASONS),
            events: Counters::define(F::NAME, "event", F::EVENTS),
            defined: filter.metric_definitions().into_iter().map(defined).collect(),
        }
    }

    /// Counts a decision by its reason, one of the filter's `REASONS`.
    pub(crate) fn count_decision(&self, reason: &str) {
        self.decisions.add(reason, 1);
    }
}

impl Counters {
    fn define(filter: &str, kind: &str, names: &[&'static str]) -> Self {
        let counters = names.iter().filter_map(|name| {
            let labels = format!("{kind}={name}.{kind}s");
            Some((*name, define(MetricKind::Counter, filter, &labels)?))
        });
        Self(counters.collect())
    }

    fn add(&self, name: &str, times: u32) {
        // Both names are usually the same constant, so compare addresses first.
        let same = self.0.iter().find(|(known, _)| std::ptr::eq(*known, name));
        let equal = || self.0.iter().find(|(known, _)| *known == name);
        if let Some((_, id)) = same.or_else(equal) {
            hostcalls::increment(*id, times);
        }
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
        self.events.add(event, times);
    }

    fn record(&self, index: usize, value: u32) {
        match self.defined.get(index) {
            Some(Some((MetricKind::Counter, id))) => hostcalls::increment(*id, value),
            Some(Some((MetricKind::Gauge, id))) => hostcalls::set_gauge(*id, value),
            _ => {}
        }
    }
}
