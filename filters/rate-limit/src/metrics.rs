//! What the operator sees beside decisions and events: decisions by rule, and how full the table is.

use novasphere_core::{Env, Filter, MetricDefinition, MetricKind};

use crate::{
    RateLimit,
    counter::local::slots::{Slots, key},
    counter::local::table,
    counter::redis,
    rules::Rule,
};

/// Decisions that are counted by rule.
const BY_RULE: [&str; 3] = ["allowed", "limited", "not_limited"];
/// What requests that no rule is for count as.
pub(crate) const NO_RULE: &str = "default";

/// How often the table is looked at, in milliseconds.
pub(crate) const EVERY_MS: u32 = 10_000;
/// Slots that are looked at: a sample of 8 times as many entries tells the share of those in use
/// within about 2%.
const SAMPLE: u32 = 64;

/// The names of all of them: three for each rule and for `default`, if there are rules; then those
/// of Redis, then the table's.
pub(crate) fn names(rules: &[Rule], table: Option<u32>, redis: bool) -> Vec<MetricDefinition> {
    let rules = if rules.is_empty() { Vec::new() } else { with_default(rules) };
    let by_rule = rules.into_iter().flat_map(|rule| {
        BY_RULE.map(|reason| MetricDefinition {
            filter: RateLimit::NAME,
            labels: format!("rule={rule}.decision={reason}"),
            name: "rule_decisions",
            kind: MetricKind::Counter,
        })
    });
    let table = table.map(|max_clients| MetricDefinition {
        filter: RateLimit::NAME,
        labels: format!("max_clients={max_clients}"),
        name: "table_clients",
        kind: MetricKind::Gauge,
    });
    let of_redis = redis.then(redis::metrics::names).into_iter().flatten();
    by_rule.chain(of_redis).chain(table).collect()
}

/// Where those of Redis begin.
pub(crate) fn after_rules(rules: &[Rule]) -> usize {
    if rules.is_empty() { 0 } else { (rules.len() + 1) * BY_RULE.len() }
}

fn with_default(rules: &[Rule]) -> Vec<&str> {
    rules.iter().map(|rule| rule.name.as_str()).chain([NO_RULE]).collect()
}

/// Counts a decision about a request that this rule is for, or none.
pub(crate) fn count(rules: &[Rule], rule: Option<usize>, reason: &str, env: &Env<'_>) {
    if rules.is_empty() {
        return;
    }
    if let Some(place) = BY_RULE.iter().position(|name| *name == reason) {
        env.metrics.record(rule.unwrap_or(rules.len()) * BY_RULE.len() + place, 1);
    }
}

/// Estimates how many clients the table holds, from slots at even distances.
pub(crate) fn look_at_table(gauge: usize, slots: Slots, env: &Env<'_>) {
    let [a, b, c, d, ..] = env.random.bytes();
    let start = u32::from_le_bytes([a, b, c, d]);
    let now = u32::try_from(env.clock.now().seconds()).unwrap_or(u32::MAX);
    let sample = SAMPLE.min(slots.count());
    let mut live = 0;
    for i in 0..sample {
        let slot = slots.at(start.wrapping_add(i.wrapping_mul(slots.count() / sample)));
        let Ok(value) = env.shared_data.read(&key(slot)) else { return };
        live += value.map_or(0, |(value, _)| table::live(&value, now));
    }
    let clients = u64::try_from(live).unwrap_or(0) * u64::from(slots.count() / sample.max(1));
    env.metrics.record(gauge, u32::try_from(clients).unwrap_or(u32::MAX));
}
