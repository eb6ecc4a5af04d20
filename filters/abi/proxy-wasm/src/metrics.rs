//! Metrics of a filter. A proxy never frees one, so their names come from closed sets.
//!
//! On Envoy, values wait in the VM until the timer's next call: a host call for each request would
//! cost more than the counting.

use std::cell::Cell;

use novasphere_core::{Filter, MetricDefinition, MetricKind};

use crate::hostcalls;

/// The metrics of a configured filter. When dropped, it passes waiting values to the host.
pub(crate) struct HostMetrics {
    decisions: Counters,
    events: Counters,
    /// The filter's metric definitions. `None` if the host refused one.
    defined: Vec<Option<Metric>>,
    /// Whether values wait for [`flush`](Self::flush).
    is_batched: bool,
    /// Whether at least one value waits.
    has_waiting: Cell<bool>,
}

/// Counters, each with the name of its decision or event.
struct Counters(Vec<(&'static str, Metric)>);

struct Metric {
    kind: MetricKind,
    /// The host's ID.
    id: u32,
    /// The sum of a counter's increments since the last flush, or the last value of a gauge.
    waiting: Cell<Option<u64>>,
}

/// Whether a value is the first one that waits since the last flush.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsFirst(pub(crate) bool);

impl HostMetrics {
    /// Defines a counter for each reason and event, and the filter's metric definitions.
    #[cold]
    pub(crate) fn define<F: Filter>(filter: &F, is_batched: bool) -> Self {
        let defined = |metric: MetricDefinition| {
            Metric::define(metric.kind, metric.filter, metric.name, &metric.labels)
        };
        Self {
            decisions: Counters::define(F::NAME, "decision", F::REASONS),
            events: Counters::define(F::NAME, "event", F::EVENTS),
            defined: filter.metric_definitions().into_iter().map(defined).collect(),
            is_batched,
            has_waiting: Cell::new(false),
        }
    }

    /// Counts a decision by its reason, one of the filter's `REASONS`.
    pub(crate) fn count_decision(&self, reason: &str) -> IsFirst {
        self.note(self.decisions.find(reason), 1)
    }

    /// Adds to an event, one of the filter's `EVENTS`.
    pub(crate) fn add(&self, event: &str, times: u32) -> IsFirst {
        self.note(self.events.find(event), times)
    }

    /// Records a value of the filter's metric definition with this index.
    pub(crate) fn record(&self, index: usize, value: u32) -> IsFirst {
        self.note(self.defined.get(index).and_then(Option::as_ref), value)
    }

    /// Passes the waiting values to the host.
    pub(crate) fn flush(&self) {
        if !self.has_waiting.replace(false) {
            return;
        }
        // Decisions last. A chain defines the decisions of its filters first. Once the host has a
        // decision, it also has the events counted with it.
        let counters = [&self.events, &self.decisions].into_iter().flat_map(Counters::metrics);
        for metric in self.defined.iter().rev().flatten().chain(counters) {
            if let Some(value) = metric.waiting.take() {
                metric.pass(value);
            }
        }
    }

    fn note(&self, metric: Option<&Metric>, value: u32) -> IsFirst {
        let Some(metric) = metric else { return IsFirst(false) };
        if !self.is_batched {
            metric.pass(value.into());
            return IsFirst(false);
        }
        metric.wait(value.into());
        IsFirst(!self.has_waiting.replace(true))
    }
}

impl Drop for HostMetrics {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Counters {
    #[cold]
    fn define(filter: &str, label: &str, names: &[&'static str]) -> Self {
        let counters = names.iter().filter_map(|name| {
            let (metric, labels) = (format!("{label}s"), format!("{label}={name}"));
            Some((*name, Metric::define(MetricKind::Counter, filter, &metric, &labels)?))
        });
        Self(counters.collect())
    }

    fn find(&self, name: &str) -> Option<&Metric> {
        // Both names are usually the same constant, so compare addresses first.
        let same = self.0.iter().find(|(known, _)| std::ptr::eq(*known, name));
        let equal = || self.0.iter().find(|(known, _)| *known == name);
        same.or_else(equal).map(|(_, metric)| metric)
    }

    fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.0.iter().map(|(_, metric)| metric)
    }
}

impl Metric {
    fn new(kind: MetricKind, id: u32) -> Self {
        Self { kind, id, waiting: Cell::new(None) }
    }

    /// Defines `novasphere_<name>.filter=<filter>.<labels>`, with `_total` after a counter's name.
    /// The name comes first, because Kong ends it at the first label. Label values contain no dots,
    /// so the proxy's tag rules can split the labels. The result is a valid Prometheus metric, for
    /// example `novasphere_decisions_total{filter="cors"}`.
    #[cold]
    fn define(kind: MetricKind, filter: &str, name: &str, labels: &str) -> Option<Self> {
        let total = if kind == MetricKind::Counter { "_total" } else { "" };
        let name = format!("novasphere_{name}{total}.filter={filter}.{labels}");
        match hostcalls::define_metric(kind, &name) {
            Ok(id) => Some(Self::new(kind, id)),
            Err(status) => {
                log::warn!(target: filter, "no metric {name}: host status {}", status.0);
                None
            }
        }
    }

    fn wait(&self, value: u64) {
        let waiting = self.waiting.get().unwrap_or(0);
        self.waiting.set(Some(match self.kind {
            MetricKind::Counter => waiting.saturating_add(value),
            MetricKind::Gauge => value,
        }));
    }

    fn pass(&self, value: u64) {
        match self.kind {
            MetricKind::Counter => hostcalls::increment(self.id, value),
            MetricKind::Gauge => hostcalls::set_gauge(self.id, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics(is_batched: bool) -> HostMetrics {
        let counter = |id| Metric::new(MetricKind::Counter, id);
        HostMetrics {
            decisions: Counters(vec![("allowed", counter(0)), ("refused", counter(1))]),
            events: Counters(vec![("evicted", counter(2))]),
            defined: vec![Some(Metric::new(MetricKind::Gauge, 3)), None, Some(counter(4))],
            is_batched,
            has_waiting: Cell::new(false),
        }
    }

    fn waiting(metrics: &HostMetrics) -> Vec<(u32, u64)> {
        let HostMetrics { decisions, events, defined, .. } = metrics;
        let all = decisions.metrics().chain(events.metrics()).chain(defined.iter().flatten());
        all.filter_map(|metric| Some((metric.id, metric.waiting.get()?))).collect()
    }

    #[test]
    fn counters_add_up_and_gauges_keep_the_last_value() {
        let metrics = metrics(true);
        assert_eq!(metrics.count_decision("allowed"), IsFirst(true));
        for first in [
            metrics.count_decision("allowed"),
            metrics.add("evicted", 5),
            metrics.add("evicted", 2),
            metrics.record(0, 9),
            metrics.record(0, 4),
            metrics.record(2, u32::MAX),
            metrics.record(2, 1),
        ] {
            assert_eq!(first, IsFirst(false));
        }
        assert_eq!(waiting(&metrics), [(0, 2), (2, 7), (3, 4), (4, 1 << 32)]);
        metrics.flush();
        assert_eq!(waiting(&metrics), []);
        assert_eq!(metrics.record(0, 0), IsFirst(true));
        assert_eq!(waiting(&metrics), [(3, 0)]);
    }

    #[test]
    fn unknown_names_do_not_wait() {
        let metrics = metrics(true);
        for first in [metrics.count_decision("evicted"), metrics.add("", 1), metrics.record(1, 1)] {
            assert_eq!(first, IsFirst(false));
        }
        assert_eq!(waiting(&metrics), []);
    }

    #[test]
    fn nothing_waits_on_a_host_without_batches() {
        let metrics = metrics(false);
        assert_eq!(metrics.count_decision("allowed"), IsFirst(false));
        assert_eq!(metrics.record(0, 1), IsFirst(false));
        assert_eq!(waiting(&metrics), []);
    }
}
