//! From `rules` to rules and their limiters.

use novasphere_core::{
    BuildContext, ConditionFields, ExpectedFields, ExpectedValue, PathMatch, RequestCondition,
    with_separators,
};

use super::{
    identity::{IdentityFields, check_claim, identity, refuse_unused},
    limiters::Limiters,
    limits::{LimitFields, has_limits, limits},
};
use crate::{
    config::{Config, ExpectedConfig, LimitBy, RuleConfig},
    metrics::NO_RULE,
    rules::{Effect, Rule},
};

/// The names of the rules, and the rules. Adds their limiters to `limiters`.
#[cold]
pub(super) fn rules(
    config: &Config,
    limiters: &mut Limiters,
    cx: &mut BuildContext<'_>,
) -> (Vec<String>, Vec<Rule>) {
    let (mut names, mut rules) = (Vec::new(), Vec::with_capacity(config.rules.len()));
    for (i, rule) in config.rules.iter().enumerate() {
        let path = format!("rules[{i}]");
        let name = name(rule, &names, &path, cx);
        let claim = rule.claim.as_ref().and_then(|config| claim(config, &path, cx));
        let mut condition = condition(rule, &path, cx);
        let effect = effect(rule, config, &name, limiters, &path, cx);
        include_head(rule, effect, &mut condition, &path, cx);
        names.push(name);
        rules.push(Rule { condition, claim, effect });
    }
    refuse_unreachable(&rules, cx);
    (names, rules)
}

/// Lets `GET` include `HEAD` in a rule with a limit: a `HEAD` request is a `GET` request without the
/// content of the response (RFC 9110 section 9.3.2).
#[cold]
fn include_head(
    rule: &RuleConfig,
    effect: Effect,
    condition: &mut RequestCondition,
    path: &str,
    cx: &mut BuildContext<'_>,
) {
    let has = |name: &str| condition.methods.iter().any(|method| method == name);
    let may_include = effect != Effect::Unlimited && has("GET") && !has("HEAD");
    if rule.exact_methods && !may_include {
        let message = "has no effect: it keeps GET from including HEAD, in a rule with a limit or a \
                       cost that lists GET and not HEAD";
        cx.fault(format!("{path}.exact_methods"), message);
    }
    if may_include && !rule.exact_methods {
        condition.methods.push("HEAD".to_owned());
    }
}

#[cold]
fn refuse_unreachable(rules: &[Rule], cx: &mut BuildContext<'_>) {
    // A faulty rule may match different requests once it is corrected.
    let is_valid: Vec<bool> =
        (0..rules.len()).map(|i| !cx.has_fault(&format!("rules[{i}]"))).collect();
    let valid = || rules.iter().enumerate().zip(&is_valid).filter(|(_, valid)| **valid);
    for ((i, rule), _) in valid() {
        let covers = |(_, earlier): &(usize, &Rule)| earlier.covers(rule);
        let earlier = valid().map(|(rule, _)| rule).take_while(|(j, _)| *j < i).find(covers);
        if let Some((earlier, _)) = earlier {
            let message = format!(
                "never applies, because rules[{earlier}] matches the same requests first: move it \
                 before rules[{earlier}], or remove one of the two"
            );
            cx.fault(format!("rules[{i}]"), message);
        }
    }
}

#[cold]
fn name(rule: &RuleConfig, earlier: &[String], path: &str, cx: &mut BuildContext<'_>) -> String {
    let path = format!("{path}.name");
    let Some(name) = rule.name.clone() else {
        cx.fault(path, "is required: metrics show the rule under this name");
        return String::new();
    };
    let is_label = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if !is_label || !(1..=64).contains(&name.len()) {
        cx.fault(path, format!("must be 1 to 64 letters, digits, _ and -, got {name:?}"));
    } else if name == NO_RULE {
        cx.fault(path, format!("{name:?} is reserved for requests without a rule"));
    } else if earlier.contains(&name) {
        cx.fault(path, format!("{name:?} is the name of an earlier rule"));
    }
    name
}

#[cold]
fn condition(rule: &RuleConfig, path: &str, cx: &mut BuildContext<'_>) -> RequestCondition {
    let fields = ConditionFields {
        methods: rule.methods.as_deref(),
        path: PathMatch {
            path: rule.path.as_deref(),
            path_prefix: rule.path_prefix.as_deref(),
            path_template: rule.path_template.as_deref(),
            ignore_case: rule.ignore_case,
        },
        route: rule.route.as_deref(),
        header: rule.header.as_ref().map(expected_fields),
    };
    if fields.is_empty() && rule.claim.is_none() {
        let message = "matches every request: add methods, path, path_prefix, path_template, route, \
                       claim or header, or move its limits to the filter";
        cx.fault(path, message);
    }
    RequestCondition::new(fields, path, cx)
}

fn claim(config: &ExpectedConfig, rule: &str, cx: &mut BuildContext<'_>) -> Option<ExpectedValue> {
    let path = format!("{rule}.claim");
    let expected = ExpectedValue::new(expected_fields(config), &path, cx)?;
    check_claim(&expected.name, &format!("{path}.name"), cx).then_some(expected)
}

fn expected_fields(config: &ExpectedConfig) -> ExpectedFields<'_> {
    ExpectedFields { name: config.name.as_deref(), one_of: &config.one_of }
}

/// The effect of a rule. `name` is the rule's.
#[cold]
fn effect(
    rule: &RuleConfig,
    config: &Config,
    name: &str,
    limiters: &mut Limiters,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Effect {
    let prefix = format!("{path}.");
    let limits = limits(&LimitFields::from(rule), &prefix, cx);
    let cost = rule.cost.unwrap_or(1);
    if rule.unlimited {
        if has_limits(rule) || rule.cost.is_some() || names_identity(rule) {
            let message = "contradicts the rule's limits, cost or limit_by: remove these, or \
                           remove unlimited";
            cx.fault(format!("{path}.unlimited"), message);
        }
        return Effect::Unlimited;
    }
    let limiter = if limits.is_empty() {
        check_without_limits(rule, config, limiters, path, cx);
        0
    } else {
        let fields = identity_fields(rule, config, &prefix, cx);
        let identity = identity(&fields, config, &prefix, cx);
        let name = if config.name.is_empty() {
            name.to_owned()
        } else {
            format!("{}-{name}", config.name)
        };
        limiters.add(limits, identity, &name)
    };
    let lowest = limiters.lowest(limiter);
    if cost == 0 || lowest.is_some_and(|lowest| cost > lowest) {
        let lowest = lowest.unwrap_or(u32::MAX);
        let lowest = with_separators(lowest);
        let message = format!("must be 1 to {lowest}, the lowest limit, got {cost}");
        cx.fault(format!("{path}.cost"), message);
    }
    Effect::Counts { limiter, cost }
}

/// Checks a rule that has no limits and counts under the filter's limits.
#[cold]
fn check_without_limits(
    rule: &RuleConfig,
    config: &Config,
    limiters: &Limiters,
    path: &str,
    cx: &mut BuildContext<'_>,
) {
    if names_identity(rule) {
        cx.fault(format!("{path}.limit_by"), "has no effect: the rule has no limits");
    }
    let filter_has_limits = limiters.filter_has_limits();
    if filter_has_limits && config.limit_by.0.contains(&LimitBy::Path) {
        let message = "has no effect: the filter's limit_by: path counts only that path. Give the \
                       rule limits and a limit_by";
        cx.fault(format!("{path}.cost"), message);
    }
    if !filter_has_limits || rule.cost.is_none() {
        let message = "has no effect: give it limits, unlimited: true, or a cost that counts \
                       towards the filter's limits";
        cx.fault(path, message);
    }
}

fn names_identity(rule: &RuleConfig) -> bool {
    rule.limit_by.is_some() || rule.header_name.is_some() || rule.claim_name.is_some()
}

/// The identity fields of the rule, or of the filter if the rule has no `limit_by`.
#[cold]
fn identity_fields<'c>(
    rule: &'c RuleConfig,
    config: &'c Config,
    prefix: &str,
    cx: &mut BuildContext<'_>,
) -> IdentityFields<'c> {
    let filter = IdentityFields::of_filter(config);
    let is_by_path = rule.limit_by.as_ref().is_some_and(|by| by.0.contains(&LimitBy::Path));
    let own = IdentityFields {
        limit_by: rule.limit_by.as_ref().map_or(&[], |by| &by.0),
        header_name: rule.header_name.as_deref(),
        // Rejected below. Any path avoids a second fault.
        path: Some("/").filter(|_| is_by_path),
        claim_name: rule.claim_name.as_deref(),
    };
    refuse_unused(&own, prefix, cx);
    if is_by_path || rule.limit_by.is_none() && filter.limit_by.contains(&LimitBy::Path) {
        let message = "must not be path in a rule, nor inherit path from the filter: use constant \
                       and the rule's path";
        cx.fault(format!("{prefix}limit_by"), message);
    }
    if rule.limit_by.is_none() { filter } else { own }
}
