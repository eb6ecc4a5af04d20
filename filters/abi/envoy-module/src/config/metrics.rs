//! Metrics of a configuration. Envoy never frees one, so their names come from closed sets.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use novasphere_core::{Filter, MetricDefinition, MetricKind};

use crate::host::{self, ConfigHandle, Level, Status, StreamHandle};

/// The event that counts panics, each of which ended a request with status 500.
pub(crate) const PANICKED: &str = "panicked";

/// The metrics. Each combination of labels is a separate metric, because a metric with labels costs
/// thirty times more instructions.
pub(crate) struct HostMetrics {
    decisions: Counters,
    events: Counters,
    /// The filter's metric definitions. `None` if Envoy refused one.
    defined: Vec<Option<Metric>>,
    /// Whether values wait for a request.
    has_waiting: AtomicBool,
}

/// Counters, each with the name of its decision or event.
struct Counters(Vec<(&'static str, Metric)>);

struct Metric {
    kind: MetricKind,
    /// Envoy's number.
    id: usize,
    /// The value that waits for a request: the sum of a counter's increments, or a gauge's value
    /// plus one. Envoys before 1.39 accept values during requests only.
    waiting: AtomicU64,
}

/// The object of Envoy that takes values.
pub(crate) trait MetricSink {
    /// Adds to a counter. Returns whether Envoy took the value.
    fn increment(&self, counter: usize, value: u64) -> bool;

    /// Sets a gauge. Returns whether Envoy took the value.
    fn set_gauge(&self, gauge: usize, value: u64) -> bool;
}

impl MetricSink for StreamHandle {
    fn increment(&self, counter: usize, value: u64) -> bool {
        Self::increment(self, counter, value);
        true
    }

    fn set_gauge(&self, gauge: usize, value: u64) -> bool {
        Self::set_gauge(self, gauge, value);
        true
    }
}

impl MetricSink for ConfigHandle {
    fn increment(&self, counter: usize, value: u64) -> bool {
        Self::increment(self, counter, value)
    }

    fn set_gauge(&self, gauge: usize, value: u64) -> bool {
        Self::set_gauge(self, gauge, value)
    }
}

impl HostMetrics {
    /// Defines a counter for each reason and event, and the filter's metric definitions.
    #[cold]
    pub(crate) fn define<F: Filter>(filter: &F, handle: &ConfigHandle) -> Self {
        let defined = |metric: MetricDefinition| {
            Metric::define(handle, metric.kind, metric.filter, metric.name, &metric.labels)
        };
        let events = F::EVENTS.iter().copied().chain([PANICKED]);
        Self {
            decisions: Counters::define(handle, F::NAME, "decision", F::REASONS.iter().copied()),
            events: Counters::define(handle, F::NAME, "event", events),
            defined: filter.metric_definitions().into_iter().map(defined).collect(),
            has_waiting: AtomicBool::new(false),
        }
    }

    /// Counts a decision by its reason, one of the filter's `REASONS`.
    pub(crate) fn count_decision(&self, sink: &dyn MetricSink, reason: &str) {
        self.pass(sink, self.decisions.find(reason), 1);
    }

    /// Adds to an event, one of the filter's `EVENTS` or [`PANICKED`].
    pub(crate) fn add(&self, sink: &dyn MetricSink, event: &str, times: u32) {
        self.pass(sink, self.events.find(event), times.into());
    }

    /// Records a value of the filter's metric definition with this index.
    pub(crate) fn record(&self, sink: &dyn MetricSink, index: usize, value: u32) {
        self.pass(sink, self.defined.get(index).and_then(Option::as_ref), value.into());
    }

    fn pass(&self, sink: &dyn MetricSink, metric: Option<&Metric>, value: u64) {
        let Some(metric) = metric else { return };
        if !metric.pass(sink, value) {
            metric.wait(value);
            self.has_waiting.store(true, Ordering::Release);
        }
    }

    /// Passes the waiting values on. Those that the sink refuses wait again: outside of a request,
    /// Envoys before 1.39 refuse all.
    pub(crate) fn flush(&self, sink: &dyn MetricSink) {
        if !self.has_waiting.load(Ordering::Relaxed)
            || !self.has_waiting.swap(false, Ordering::AcqRel)
        {
            return;
        }
        let counters = [&self.decisions, &self.events].into_iter().flat_map(|all| &all.0);
        for metric in self.defined.iter().flatten().chain(counters.map(|(_, metric)| metric)) {
            if let Some(value) = metric.take_waiting() {
                self.pass(sink, Some(metric), value);
            }
        }
    }
}

impl Counters {
    #[cold]
    fn define(
        handle: &ConfigHandle,
        filter: &str,
        label: &str,
        names: impl Iterator<Item = &'static str>,
    ) -> Self {
        let counters = names.filter_map(|name| {
            let (metric, labels) = (format!("{label}s"), format!("{label}={name}"));
            let metric = Metric::define(handle, MetricKind::Counter, filter, &metric, &labels)?;
            Some((name, metric))
        });
        Self(counters.collect())
    }

    fn find(&self, name: &str) -> Option<&Metric> {
        // Both names are usually the same constant, so compare addresses first.
        let same = self.0.iter().find(|(known, _)| std::ptr::eq(*known, name));
        let equal = || self.0.iter().find(|(known, _)| *known == name);
        same.or_else(equal).map(|(_, metric)| metric)
    }
}

impl Metric {
    /// Defines `novasphere_<name>.filter=<filter>.<labels>`, with `_total` after a counter's name,
    /// as the WebAssembly modules do. Dashboards and alerts thus work with both.
    #[cold]
    fn define(
        handle: &ConfigHandle,
        kind: MetricKind,
        filter: &str,
        name: &str,
        labels: &str,
    ) -> Option<Self> {
        let total = if kind == MetricKind::Counter { "_total" } else { "" };
        let name = format!("novasphere_{name}{total}.filter={filter}.{labels}");
        match handle.define_metric(kind, &name) {
            Ok(id) => Some(Self { kind, id, waiting: AtomicU64::new(0) }),
            Err(Status(status)) => {
                let message = format_args!("no metric {name}: status {status}");
                host::log(Level::Warn, filter, message);
                None
            }
        }
    }

    fn pass(&self, sink: &dyn MetricSink, value: u64) -> bool {
        match self.kind {
            MetricKind::Counter => sink.increment(self.id, value),
            MetricKind::Gauge => sink.set_gauge(self.id, value),
        }
    }

    fn wait(&self, value: u64) {
        match self.kind {
            MetricKind::Counter => {
                self.waiting.fetch_add(value, Ordering::Relaxed);
            }
            MetricKind::Gauge => self.waiting.store(value.saturating_add(1), Ordering::Relaxed),
        }
    }

    fn take_waiting(&self) -> Option<u64> {
        let waiting = self.waiting.swap(0, Ordering::Relaxed);
        match self.kind {
            MetricKind::Counter => (waiting > 0).then_some(waiting),
            MetricKind::Gauge => waiting.checked_sub(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Takes values, or refuses them as Envoys before 1.39 do outside of a request.
    #[derive(Default)]
    struct Sink {
        refuses: bool,
        values: RefCell<Vec<(usize, u64)>>,
    }

    impl MetricSink for Sink {
        fn increment(&self, counter: usize, value: u64) -> bool {
            if !self.refuses {
                self.values.borrow_mut().push((counter, value));
            }
            !self.refuses
        }

        fn set_gauge(&self, gauge: usize, value: u64) -> bool {
            self.increment(gauge, value)
        }
    }

    fn metrics() -> HostMetrics {
        let metric = |kind, id| Metric { kind, id, waiting: AtomicU64::new(0) };
        let counter = |id| metric(MetricKind::Counter, id);
        HostMetrics {
            decisions: Counters(vec![("allowed", counter(1)), ("refused", counter(2))]),
            events: Counters(vec![("evicted", counter(3))]),
            defined: vec![Some(metric(MetricKind::Gauge, 4)), None],
            has_waiting: AtomicBool::new(false),
        }
    }

    #[test]
    fn request_passes_values_on_at_once() {
        let (metrics, sink) = (metrics(), Sink::default());
        metrics.count_decision(&sink, "refused");
        metrics.add(&sink, "evicted", 5);
        metrics.record(&sink, 0, 7);
        metrics.record(&sink, 1, 7);
        metrics.add(&sink, "unknown", 1);
        metrics.flush(&sink);
        assert_eq!(sink.values.take(), [(2, 1), (3, 5), (4, 7)]);
    }

    #[test]
    fn refused_values_wait_for_a_request() {
        let metrics = metrics();
        let refusing = Sink { refuses: true, ..Sink::default() };
        metrics.add(&refusing, "evicted", 2);
        metrics.add(&refusing, "evicted", 3);
        metrics.record(&refusing, 0, 9);
        metrics.record(&refusing, 0, 0);
        // The main thread's next work flushes too.
        metrics.flush(&refusing);
        let sink = Sink::default();
        metrics.flush(&sink);
        assert_eq!(sink.values.take(), [(4, 0), (3, 5)]);
        metrics.flush(&sink);
        assert_eq!(sink.values.take(), []);
    }
}
