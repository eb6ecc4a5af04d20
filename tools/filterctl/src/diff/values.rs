//! Changes of lists, switches and numbers.

use serde_json::Value;

use super::changes::{Changes, Effect};
use crate::chains::{Step, facts::is_true};

/// The old and the new configuration of one filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both<'c> {
    /// The name of the filter.
    pub(super) subject: &'c str,
    /// The old configuration.
    pub(super) old: &'c Value,
    /// The new configuration.
    pub(super) new: &'c Value,
}

impl<'c> Both<'c> {
    /// The configurations of a filter.
    pub(super) const fn new(old: &Step<'c>, new: &Step<'c>) -> Self {
        Self { subject: old.kind.name(), old: old.config, new: new.config }
    }

    /// The old and the new value of a field.
    pub(super) fn field(&self, name: &str) -> [Option<&'c Value>; 2] {
        [self.old.get(name), self.new.get(name)]
    }

    /// Whether a field has changed.
    pub(super) fn has_changed(&self, name: &str) -> bool {
        let [old, new] = self.field(name);
        old != new
    }

    /// A switch that is off by default. `on` is the effect of turning it on.
    pub(super) fn switch(&self, name: &str, on: Effect, changes: &mut Changes) {
        match (is_true(self.old, name), is_true(self.new, name)) {
            (false, true) => changes.add(on, (self.subject, name), "is on now"),
            (true, false) => changes.add(on.opposite(), (self.subject, name), "is off now"),
            _ => {}
        }
    }

    /// A list. `more` is the effect of another item.
    pub(super) fn list(&self, name: &str, default: &[&str], more: Effect, changes: &mut Changes) {
        let texts = |value: Option<&Value>| match value {
            None | Some(Value::Null) => default.iter().map(|item| (*item).to_owned()).collect(),
            Some(value) => items(value),
        };
        let [old, new] = self.field(name).map(texts);
        sets(&old, &new, (self.subject, name), more, changes);
    }

    /// A list of accepted values. Without the list, every value is accepted.
    pub(super) fn accepted(&self, name: &str, changes: &mut Changes) {
        let at = (self.subject, name);
        match self.field(name).map(|value| value.filter(|value| !value.is_null())) {
            [None, None] => {}
            [None, Some(new)] => {
                let message = format!("only {} accepted now", listed(&items(new)));
                changes.add(Effect::Stricter, at, message);
            }
            [Some(_), None] => changes.add(Effect::Looser, at, "every value is accepted now"),
            [Some(old), Some(new)] => {
                sets(&items(old), &items(new), at, Effect::Looser, changes);
            }
        }
    }

    /// A number. `higher` is the effect of a higher one.
    pub(super) fn number(&self, name: &str, default: u64, higher: Effect, changes: &mut Changes) {
        let [old, new] = self.field(name).map(|value| number(value).unwrap_or(default));
        if old != new {
            let effect = if new > old { higher } else { higher.opposite() };
            changes.add(effect, (self.subject, name), format!("{old} becomes {new}"));
        }
    }

    /// Fields whose change has no certain effect.
    pub(super) fn neutral(&self, names: &[&str], changes: &mut Changes) {
        self.changed(names, Effect::Neutral, changes);
    }

    /// Fields whose every change has this effect, or may have it.
    pub(super) fn changed(&self, names: &[&str], effect: Effect, changes: &mut Changes) {
        for name in names.iter().filter(|name| self.has_changed(name)) {
            let [old, new] = self.field(name).map(shown);
            changes.add(effect, (self.subject, name), format!("{old} becomes {new}"));
        }
    }
}

/// The changes between two sets.
pub(super) fn sets(
    old: &[String],
    new: &[String],
    at: (&str, &str),
    more: Effect,
    changes: &mut Changes,
) {
    for item in new.iter().filter(|item| !old.contains(item)) {
        changes.add(more, at, format!("{item} is new"));
    }
    for item in old.iter().filter(|item| !new.contains(item)) {
        changes.add(more.opposite(), at, format!("{item} is gone"));
    }
}

/// The items of a list as texts. An item that is not a string is JSON.
pub(super) fn items(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Null => Vec::new(),
        other => vec![plain(other)],
    }
}

/// A string without quotes, other values as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number, which some hosts pass as text.
pub(super) fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// A value for a message. `nothing` for a missing one. Long values are cut.
pub(super) fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "nothing".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn listed(items: &[String]) -> String {
    let verb = if items.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", items.join(", "))
}
