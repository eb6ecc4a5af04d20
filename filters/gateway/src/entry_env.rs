//! The environment of a filter in the chain. It translates the filter's metric indices, queues and
//! purposes to the chain's.

use std::cell::Cell;

use novasphere_core::{Env, MetricDefinition, MetricKind, Metrics, PendingQueues, TimerActions};

use crate::{config::FilterKind, entry::ChainEntry};

/// A filter's index in the chain, and its metrics: the names of its decisions and events, and the
/// indices of the first metric of each kind.
#[derive(Debug, Default)]
pub(crate) struct EntryMetrics {
    entry: usize,
    reasons: &'static [&'static str],
    first_reason: usize,
    events: &'static [&'static str],
    first_event: usize,
    first_defined: usize,
}

/// All metrics of a chain: of each filter its reasons, its events and its metric definitions.
pub(crate) fn chain_metrics(entries: &[ChainEntry]) -> (Vec<MetricDefinition>, Vec<EntryMetrics>) {
    let (mut definitions, mut metrics) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let kind = entry.kind();
        let (reasons, events) = (kind.reasons(), kind.events());
        let first_reason = definitions.len();
        definitions.extend(reasons.iter().map(|name| counter(kind, "decision", name)));
        let first_event = definitions.len();
        definitions.extend(events.iter().map(|name| counter(kind, "event", name)));
        let first_defined = definitions.len();
        definitions.extend(entry.metric_definitions());
        metrics.push(EntryMetrics {
            entry: index,
            reasons,
            first_reason,
            events,
            first_event,
            first_defined,
        });
    }
    (definitions, metrics)
}

fn counter(kind: FilterKind, label: &'static str, value: &str) -> MetricDefinition {
    MetricDefinition {
        filter: kind.name(),
        labels: format!("{label}={value}"),
        name: if label == "decision" { "decisions" } else { "events" },
        kind: MetricKind::Counter,
    }
}

impl EntryMetrics {
    /// Counts the filter's decision.
    pub(crate) fn count_decision(&self, reason: &str, chain: &dyn Metrics) {
        if let Some(position) = position(reason, self.reasons) {
            chain.record(self.first_reason.saturating_add(position), 1);
        }
    }
}

/// The environment of one filter.
pub(crate) struct EntryEnv<'a> {
    metrics: &'a dyn Metrics,
    pending: &'a dyn PendingQueues,
    entry: Cell<&'a EntryMetrics>,
}

/// Numbers of the chain are `filter's number * STRIDE + entry`. No chain has more entries.
const STRIDE: usize = FilterKind::ALL.len();

impl<'a> EntryEnv<'a> {
    pub(crate) fn new(env: &Env<'a>, entry: &'a EntryMetrics) -> Self {
        Self { metrics: env.metrics, pending: env.pending, entry: Cell::new(entry) }
    }

    /// Becomes the environment of another filter.
    pub(crate) fn select(&self, entry: &'a EntryMetrics) {
        self.entry.set(entry);
    }

    /// `outer` as the filter sees it.
    pub(crate) fn env<'s>(&'s self, outer: &Env<'s>) -> Env<'s> {
        Env { metrics: self, pending: self, ..*outer }
    }

    /// Counts the filter's decision.
    pub(crate) fn count_decision(&self, reason: &str) {
        self.entry.get().count_decision(reason, self.metrics);
    }

    /// The chain's number for a queue or a purpose of the filter.
    pub(crate) fn outer_number(&self, inner: usize) -> usize {
        inner.saturating_mul(STRIDE).saturating_add(self.entry.get().entry)
    }

    /// The entry and the filter's number for a number of the chain.
    pub(crate) fn inner_number(outer: usize) -> (usize, usize) {
        (outer % STRIDE, outer / STRIDE)
    }

    /// Adds the filter's timer actions to the chain's.
    pub(crate) fn merge(&self, all: &mut TimerActions, mut actions: TimerActions) {
        for fetch in &mut actions.fetches {
            fetch.purpose = self.outer_number(fetch.purpose);
        }
        all.fetches.append(&mut actions.fetches);
        all.wake |= actions.wake;
        all.again_in_ms = all.again_in_ms.into_iter().chain(actions.again_in_ms).min();
    }
}

/// The position of `name` in `names`. Both are usually the same constant, so compare addresses
/// first.
fn position(name: &str, names: &[&str]) -> Option<usize> {
    let is_same = |known: &&str| std::ptr::eq(*known, name);
    names.iter().position(is_same).or_else(|| names.iter().position(|known| *known == name))
}

impl Metrics for EntryEnv<'_> {
    fn add(&self, event: &'static str, times: u32) {
        let EntryMetrics { events, first_event, .. } = self.entry.get();
        if let Some(position) = position(event, events) {
            self.metrics.record(first_event.saturating_add(position), times);
        }
    }

    fn record(&self, index: usize, value: u32) {
        self.metrics.record(self.entry.get().first_defined.saturating_add(index), value);
    }
}

impl PendingQueues for EntryEnv<'_> {
    fn has_capacity(&self, queue: usize, max: usize) -> bool {
        self.pending.has_capacity(self.outer_number(queue), max)
    }
}
