//! What the operator sees of Redis.

use novasphere_core::{Env, Filter, MetricDefinition, MetricKind};

use super::response::Failure;
use crate::RateLimit;

/// The places of these metrics begin there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures(pub(crate) usize);

/// How long calls take, in milliseconds: below each of these, or longer than all.
const WITHIN_MS: [u64; 8] = [1, 3, 10, 30, 100, 300, 1_000, 3_000];

/// How many there are.
pub(crate) const COUNT: usize = Failure::ALL.len() + WITHIN_MS.len() + 1;

/// Of each failure a counter, then of each latency class.
pub(crate) fn names() -> impl Iterator<Item = MetricDefinition> {
    let counter = |labels: String, name: &'static str| MetricDefinition {
        filter: RateLimit::NAME,
        labels,
        name,
        kind: MetricKind::Counter,
    };
    let failures = Failure::ALL
        .into_iter()
        .map(move |kind| counter(format!("kind={}", kind.name()), "redis_failures"));
    let classes = WITHIN_MS.iter().map(|ms| format!("within_ms={ms}"));
    let classes = classes.chain(["within_ms=longer".to_owned()]);
    failures.chain(classes.map(move |labels| counter(labels, "redis_answers")))
}

impl Measures {
    /// Counts a failure.
    pub(super) fn failed(self, kind: Failure, env: &Env<'_>) {
        let place = Failure::ALL.iter().position(|known| *known == kind).unwrap_or(0);
        env.metrics.record(self.0.saturating_add(place), 1);
    }

    /// Counts an answer that took so long.
    pub(super) fn answered(self, millis: u64, env: &Env<'_>) {
        let class = WITHIN_MS.iter().position(|most| millis < *most).unwrap_or(WITHIN_MS.len());
        env.metrics.record(self.0.saturating_add(Failure::ALL.len()).saturating_add(class), 1);
    }
}
