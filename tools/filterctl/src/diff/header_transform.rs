//! Changes of header-transform.

use serde_json::Value;

use super::{
    changes::{Changes, Effect},
    values::{Both, sets, shown},
};
use crate::chains::{Step, facts::entries};

pub(super) fn compare(old: &Step<'_>, new: &Step<'_>, changes: &mut Changes) {
    let both = Both::new(old, new);
    // The value of a header may be a secret, such as a proof for the upstream.
    let named = |step: &Step<'_>| -> Vec<String> {
        entries(step)
            .into_iter()
            .map(|(path, entry)| {
                let rule = path.split('[').next().unwrap_or_default().to_owned();
                format!("{rule} {}", entry.split(':').next().unwrap_or_default())
            })
            .collect()
    };
    sets(&named(old), &named(new), (both.subject, ""), Effect::Neutral, changes);
    values(&both, old, new, changes);
    security_headers(&both, changes);
    let allow = |config: &Value| config.get("response").and_then(|r| r.get("allow")).cloned();
    let (before, after) = (allow(both.old), allow(both.new));
    if before != after {
        let message = format!("{} becomes {}", shown(before.as_ref()), shown(after.as_ref()));
        changes.add(Effect::Neutral, (both.subject, "response.allow"), message);
    }
}

/// Entries of the same rule and name with another value.
fn values(both: &Both<'_>, old: &Step<'_>, new: &Step<'_>, changes: &mut Changes) {
    let before = entries(old);
    for (path, entry) in entries(new) {
        let rule = |path: &str| path.split('[').next().unwrap_or_default().to_owned();
        let Some((name, value)) = entry.split_once(':') else { continue };
        let same = before.iter().filter(|(other, _)| rule(other) == rule(&path));
        let mut same = same.filter_map(|(_, entry)| entry.split_once(':'));
        let known: Vec<&str> =
            same.by_ref().filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
        if !known.is_empty() && !known.contains(&value) {
            let message = format!("{} {name} has another value", rule(&path));
            changes.add(Effect::Neutral, (both.subject, ""), message);
        }
    }
}

fn security_headers(both: &Both<'_>, changes: &mut Changes) {
    let of = |config: &Value| {
        let value = config.get("response").and_then(|response| response.get("security_headers"));
        value.filter(|value| **value != false).cloned()
    };
    let at = (both.subject, "response.security_headers");
    match (of(both.old), of(both.new)) {
        (None, Some(_)) => changes.add(Effect::Stricter, at, "is on now"),
        (Some(_), None) => changes.add(Effect::Looser, at, "is off now"),
        (Some(old), Some(new)) if old != new => {
            let message = format!("{} becomes {}", shown(Some(&old)), shown(Some(&new)));
            changes.add(Effect::Neutral, at, message);
        }
        _ => {}
    }
}
