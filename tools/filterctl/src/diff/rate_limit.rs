//! Changes of rate-limit.

use serde_json::{Value, json};

use super::{
    changes::{Changes, Effect},
    limits::{self, limits},
    values::{Both, items, number, sets, shown},
};
use crate::chains::{
    Step,
    facts::{is_false, is_true, items as list, text},
};

/// The fields that name an identity.
const IDENTITY: [&str; 5] = ["limit_by", "header_name", "claim_name", "path", "on_unresolved"];

pub(super) fn compare(old: &Step<'_>, new: &Step<'_>, changes: &mut Changes) {
    let both = Both::new(old, new);
    limits::compare(&limits(both.old), &limits(both.new), (both.subject, ""), changes);
    restart(&both, vm_id(old) != vm_id(new), changes);
    // Clients may be able to choose the new identity, and so evade limits and `deny`.
    let identity = ["limit_by", "header_name", "claim_name", "path", "client_ip"];
    both.changed(&identity, Effect::Looser, changes);
    both.neutral(&["scope"], changes);
    for (field, effect) in [("allow", Effect::Looser), ("deny", Effect::Stricter)] {
        for part in ["cidrs", "consumers"] {
            let clients = |value: Option<&Value>| {
                value.and_then(|list| list.get(part)).map(items).unwrap_or_default()
            };
            let [before, after] = both.field(field).map(clients);
            sets(&before, &after, (both.subject, field), effect, changes);
        }
    }
    both.switch("report_only", Effect::Looser, changes);
    failures(&both, changes);
    rules(&both, changes);
    both.neutral(
        &["error_code", "error_message", "error_format", "headers", "hide_client_headers", "lease"],
        changes,
    );
}

/// Changes that give each client a new count. A rule's count is reported with the rule.
fn restart(both: &Both<'_>, is_other_vm: bool, changes: &mut Changes) {
    // A filter with limits in rules only has no count itself.
    if limits(both.old).is_empty() {
        return;
    }
    let redis = |config: &Value| {
        let redis = config.get("redis");
        let part = |name: &str| redis.and_then(|redis| redis.get(name)).cloned();
        (text(config, "policy").map(str::to_owned), part("uri"), part("secret"))
    };
    let mut reasons = Vec::new();
    if limits(both.old) != limits(both.new) {
        reasons.push("limits");
    }
    if IDENTITY.iter().chain(&["scope", "client_ip"]).any(|name| both.has_changed(name)) {
        reasons.push("identity");
    }
    if both.has_changed("name") {
        reasons.push("name");
    }
    if redis(both.old) != redis(both.new) {
        reasons.push("place of the counts");
    }
    let is_local = text(both.new, "policy") != Some("redis");
    if is_local && both.has_changed("max_clients") {
        reasons.push("size of the table");
    }
    if is_local && is_other_vm {
        reasons.push("vm_id");
    }
    if !reasons.is_empty() {
        let message = format!("counts start at zero: another {}", reasons.join(", another "));
        changes.add(
            Effect::Neutral,
            (both.subject, ""),
            message.replace("another limits", "other limits"),
        );
    }
}

/// The vm_id of a filter of Envoy, to which its counts belong.
fn vm_id(step: &Step<'_>) -> Option<String> {
    let vm_id = step.found.plugin()?.fields(&["vm_config", "vm_id"])?;
    vm_id.text().map(str::to_owned)
}

/// The settings for requests that cannot be counted.
fn failures(both: &Both<'_>, changes: &mut Changes) {
    let openness = |value: &str| match value {
        "allow" => 2_u8,
        "deny" => 0,
        _ => 1,
    };
    let mut choice = |field: &str, default: &str, values: [Option<&str>; 2]| {
        let [before, after] = values.map(|value| value.unwrap_or(default));
        if before != after {
            let effect = match openness(after).cmp(&openness(before)) {
                std::cmp::Ordering::Greater => Effect::Looser,
                std::cmp::Ordering::Less => Effect::Stricter,
                std::cmp::Ordering::Equal => Effect::Neutral,
            };
            changes.add(effect, (both.subject, field), format!("{before} becomes {after}"));
        }
    };
    let texts = |name: &str| [text(both.old, name), text(both.new, name)];
    choice("on_unresolved", "ip", texts("on_unresolved"));
    let redis = both.field("redis").map(|redis| text(redis?, "on_error"));
    choice("redis.on_error", "local", redis);
    let at = (both.subject, "fault_tolerant");
    match (is_false(both.old, at.1), is_false(both.new, at.1)) {
        (false, true) => changes.add(Effect::Stricter, at, "is off now"),
        (true, false) => changes.add(Effect::Looser, at, "is on now"),
        _ => {}
    }
    let share = |redis: Option<&Value>| number(redis?.get("local_share")).or(Some(100));
    if let [Some(before), Some(after)] = both.field("redis").map(share)
        && before != after
    {
        let effect = if after > before { Effect::Looser } else { Effect::Stricter };
        let message = format!("{before} becomes {after}");
        changes.add(effect, (both.subject, "redis.local_share"), message);
    }
}

fn rules(both: &Both<'_>, changes: &mut Changes) {
    let (old, new) = (list(both.old, "rules"), list(both.new, "rules"));
    let name = |rule: &Value| text(rule, "name").unwrap_or_default().to_owned();
    let find = |all: &[Value], one: &Value| -> Option<Value> {
        all.iter().find(|other| name(other) == name(one)).cloned()
    };
    for rule in new {
        let field = format!("rules.{}", name(rule));
        let at = (both.subject, field.as_str());
        match find(old, rule) {
            None => {
                changes.add(effect(rule, both.new), at, format!("{} is new", shown(Some(rule))))
            }
            Some(before) => changed_rule(&before, rule, at, changes),
        }
    }
    for rule in old.iter().filter(|rule| find(new, rule).is_none()) {
        let field = format!("rules.{}", name(rule));
        let effect = effect(rule, both.old).opposite();
        changes.add(effect, (both.subject, &field), format!("{} is gone", shown(Some(rule))));
    }
    let order = |rules: &[Value], others: &[Value]| -> Vec<String> {
        rules.iter().filter(|rule| find(others, rule).is_some()).map(name).collect()
    };
    if order(old, new) != order(new, old) {
        let message = "the order of the rules has changed";
        changes.add(Effect::Neutral, (both.subject, "rules"), message);
    }
}

/// The effect of having a rule: it exempts requests, gives them higher limits than the filter's, or
/// lower ones.
fn effect(rule: &Value, config: &Value) -> Effect {
    if is_true(rule, "unlimited") {
        return Effect::Looser;
    }
    let (own, others) = (limits(rule), limits(config));
    let is_higher = !others.is_empty()
        && !own.is_empty()
        && others
            .iter()
            .all(|(seconds, (_, limit))| own.get(seconds).is_none_or(|(_, own)| own >= limit));
    if is_higher { Effect::Looser } else { Effect::Stricter }
}

fn changed_rule(old: &Value, new: &Value, at: (&str, &str), changes: &mut Changes) {
    match (is_true(old, "unlimited"), is_true(new, "unlimited")) {
        (false, true) => changes.add(Effect::Looser, at, "has no limit any more"),
        (true, false) => changes.add(Effect::Stricter, at, "has a limit now"),
        _ => {}
    }
    let (before, after) = (limits(old), limits(new));
    limits::compare(&before, &after, at, changes);
    let is_restarted =
        before != after || IDENTITY.iter().any(|name| old.get(name) != new.get(name));
    if is_restarted && !before.is_empty() && !after.is_empty() {
        changes.add(Effect::Neutral, at, "counts start at zero");
    }
    let [before, after] = [old, new].map(|rule| number(rule.get("cost")).unwrap_or(1));
    if before != after {
        let effect = if after < before { Effect::Looser } else { Effect::Stricter };
        changes.add(effect, at, format!("a request counts for {after}, not for {before}"));
    }
    let conditions = [
        "methods",
        "exact_methods",
        "path",
        "path_prefix",
        "path_template",
        "ignore_case",
        "route",
        "claim",
        "header",
    ];
    let of =
        |rule: &Value| json!(conditions.iter().map(|name| rule.get(*name)).collect::<Vec<_>>());
    if of(old) != of(new) {
        let message = format!("{} becomes {}", shown(Some(old)), shown(Some(new)));
        changes.add(Effect::Neutral, at, message);
    }
}
