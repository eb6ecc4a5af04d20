//! The limits of rate-limit or of one of its rules.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    changes::{Changes, Effect},
    values::number,
};

const WINDOWS: [(&str, u64); 6] = [
    ("second", 1),
    ("minute", 60),
    ("hour", 3_600),
    ("day", 86_400),
    ("month", 2_592_000),
    ("year", 31_536_000),
];

/// Requests by window, shortest first.
pub(super) type Limits = BTreeMap<u64, (String, u64)>;

/// The limits of a configuration or a rule.
pub(super) fn limits(config: &Value) -> Limits {
    let named = WINDOWS.into_iter().filter_map(|(name, seconds)| {
        Some((seconds, (name.to_owned(), number(config.get(name))?)))
    });
    let window = config.get("window").and_then(|window| {
        let seconds = number(window.get("seconds"))?;
        Some((seconds, (format!("{seconds} seconds"), number(window.get("requests"))?)))
    });
    named.chain(window).collect()
}

/// Compares limits. `rule` is empty for the filter's own.
pub(super) fn compare(old: &Limits, new: &Limits, at: (&str, &str), changes: &mut Changes) {
    for (seconds, (name, after)) in new {
        let (effect, message) = match old.get(seconds) {
            None => (Effect::Stricter, format!("{after} requests a {name} are the limit now")),
            Some((_, before)) if before == after => continue,
            Some((_, before)) => {
                let effect = if after > before { Effect::Looser } else { Effect::Stricter };
                (effect, format!("{before} requests a {name} become {after}"))
            }
        };
        changes.add(effect, at, message.replace("a hour", "an hour"));
    }
    for (_, (name, before)) in old.iter().filter(|(seconds, _)| !new.contains_key(seconds)) {
        let message = format!("the limit of {before} requests a {name} is gone");
        changes.add(Effect::Looser, at, message.replace("a hour", "an hour"));
    }
}
