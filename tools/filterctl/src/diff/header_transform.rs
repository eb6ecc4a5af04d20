//! Changes of header-transform. The rules of all its filters of a route are one set, because they are
//! often split: security headers first, the others last.

use novasphere_explain::FilterKind;
use serde_json::Value;

use super::{
    changes::{Changes, Effect},
    values::{sets, shown},
};
use crate::chains::{Step, facts::entries};

const NAME: &str = "header-transform";

pub(super) fn compare(old: &[Step<'_>], new: &[Step<'_>], changes: &mut Changes) {
    let [old, new] = [old, new].map(|steps| -> Vec<&Step<'_>> {
        steps.iter().filter(|step| step.kind == FilterKind::HeaderTransform).collect()
    });
    let [before, after] = [&old, &new].map(|steps| rules(steps));
    // The value of a header may be a secret, such as a proof for the upstream.
    let names = |rules: &[Rule]| -> Vec<String> {
        rules.iter().map(|rule| format!("{} {}", rule.kind, rule.name)).collect()
    };
    sets(&names(&before), &names(&after), (NAME, ""), Effect::Neutral, changes);
    for rule in &after {
        let same = before.iter().filter(|other| other.kind == rule.kind && other.name == rule.name);
        let known: Vec<&str> = same.map(|other| other.value.as_str()).collect();
        if !known.is_empty() && !known.contains(&rule.value.as_str()) {
            let message = format!("{} {} has another value", rule.kind, rule.name);
            changes.add(Effect::Neutral, (NAME, ""), message);
        }
    }
    security_headers(
        response(&old, "security_headers"),
        response(&new, "security_headers"),
        changes,
    );
    let (before, after) = (response(&old, "allow"), response(&new, "allow"));
    if before != after {
        let message = format!("{} becomes {}", shown(before.as_ref()), shown(after.as_ref()));
        changes.add(Effect::Neutral, (NAME, "response.allow"), message);
    }
}

/// An entry of a rule.
struct Rule {
    /// `request.add.headers`.
    kind: String,
    name: String,
    value: String,
}

fn rules(steps: &[&Step<'_>]) -> Vec<Rule> {
    let entries = steps.iter().flat_map(|step| entries(step));
    entries
        .map(|(path, entry)| {
            let (name, value) = entry.split_once(':').unwrap_or((entry, ""));
            Rule {
                kind: path.split('[').next().unwrap_or_default().to_owned(),
                name: name.trim().to_ascii_lowercase(),
                value: value.trim().to_owned(),
            }
        })
        .collect()
}

/// The first value of a field of `response`, except `false`.
fn response(steps: &[&Step<'_>], name: &str) -> Option<Value> {
    let mut values = steps.iter().filter_map(|step| step.config.get("response")?.get(name));
    values.find(|value| **value != false).cloned()
}

fn security_headers(old: Option<Value>, new: Option<Value>, changes: &mut Changes) {
    let at = (NAME, "response.security_headers");
    match (old, new) {
        (None, Some(_)) => changes.add(Effect::Stricter, at, "is on now"),
        (Some(_), None) => changes.add(Effect::Looser, at, "is off now"),
        (Some(old), Some(new)) if old != new => {
            let message = format!("{} becomes {}", shown(Some(&old)), shown(Some(&new)));
            changes.add(Effect::Neutral, at, message);
        }
        _ => {}
    }
}
