//! From `skip` and `rules` to request rules.

mod strictness;

use novasphere_core::{
    BuildContext, Capability, ConditionFields, ExpectedFields, PathMatch, RequestCondition,
    RequiredVariants,
};

use super::claims;
use crate::{
    config::{Config, MAX_RULES, RuleConfig, SkipConfig},
    rules::{
        requests::{RequestRules, Rule},
        requirements::Requirements,
    },
};

#[cold]
pub(super) fn build(config: &Config, cx: &mut BuildContext<'_>) -> RequestRules {
    if config.rules.len() > MAX_RULES {
        let message = format!("must have at most {MAX_RULES} entries, got {}", config.rules.len());
        cx.fault("rules", message);
    }
    let default = Requirements {
        issuers: claims::accepted(config.issuers.as_ref(), "issuers", cx),
        audiences: claims::accepted(config.audiences.as_ref(), "audiences", cx),
        // The filter's required claims apply to the requests of all rules.
        required: Vec::new(),
        scopes: config.scopes.as_ref().map(|config| claims::scopes(config, "", cx)),
        optional: config.optional,
        report_only: config.report_only,
        bit: 1,
    };
    let mut rules = Vec::with_capacity(config.skip.len().saturating_add(config.rules.len()));
    for (i, skip) in config.skip.iter().enumerate() {
        rules.push(skip_rule(skip, &format!("skip[{i}]"), cx));
    }
    let mut bit = default.bit;
    for (i, rule) in config.rules.iter().enumerate() {
        bit = bit.wrapping_shl(1);
        let path = format!("rules[{i}]");
        let condition = condition(rule, &path, cx);
        check_effect(rule, config, &path, cx);
        let requirements = requirements(rule, &default, bit, &path, cx);
        rules.push(Rule { condition, requirements, required_variants: RequiredVariants::Any });
    }
    strictness::apply(&mut rules, &default, config, cx);
    refuse_unreachable(&rules, config.skip.len(), cx);
    RequestRules { rules, default }
}

/// Refuses entries of `rules`, which follow `skips` entries of `skip`, that never apply.
#[cold]
fn refuse_unreachable(rules: &[Rule], skips: usize, cx: &mut BuildContext<'_>) {
    let path = |i: usize| match i.checked_sub(skips) {
        None => format!("skip[{i}]"),
        Some(i) => format!("rules[{i}]"),
    };
    // A faulty rule may match different requests once it is corrected.
    let is_valid: Vec<bool> = (0..rules.len()).map(|i| !cx.has_fault(&path(i))).collect();
    let valid = || rules.iter().enumerate().zip(&is_valid).filter(|(_, valid)| **valid);
    for ((i, rule), _) in valid().skip_while(|((i, _), _)| *i < skips) {
        let covers = |(_, earlier): &(usize, &Rule)| earlier.condition.covers(&rule.condition);
        let earlier = valid().map(|(rule, _)| rule).take_while(|(j, _)| *j < i).find(covers);
        let Some((earlier, _)) = earlier else { continue };
        let message = match earlier.checked_sub(skips) {
            None => format!(
                "never applies, because skip[{earlier}] matches the same requests first: remove one \
                 of the two"
            ),
            Some(earlier) => format!(
                "never applies, because rules[{earlier}] matches the same requests first: move it \
                 before rules[{earlier}], or remove one of the two"
            ),
        };
        cx.fault(path(i), message);
    }
}

#[cold]
fn skip_rule(skip: &SkipConfig, path: &str, cx: &mut BuildContext<'_>) -> Rule {
    let fields = PathMatch {
        path: skip.path.as_deref(),
        path_prefix: skip.path_prefix.as_deref(),
        path_template: skip.path_template.as_deref(),
        ignore_case: skip.ignore_case,
    };
    if fields.is_empty() {
        cx.fault(path, "needs exactly one of path, path_prefix and path_template");
    }
    let fields = ConditionFields {
        methods: skip.methods.as_deref(),
        path: fields,
        ..ConditionFields::default()
    };
    let condition = RequestCondition::new(fields, path, cx);
    Rule { condition, requirements: None, required_variants: RequiredVariants::All }
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
        header: rule
            .header
            .as_ref()
            .map(|header| ExpectedFields { name: header.name.as_deref(), one_of: &header.one_of }),
    };
    if fields.is_empty() {
        let message = "matches every request: add methods, path, path_prefix, path_template, route \
                       or header, or move its other fields to the filter";
        cx.fault(path, message);
    }
    if let (Some(_), Some(remedy)) = (fields.route, cx.unsupported(Capability::Route)) {
        cx.fault(format!("{path}.route"), format!("cannot be used here: {remedy}"));
    }
    RequestCondition::new(fields, path, cx)
}

/// Checks that the rule has an effect, and that its fields do not contradict each other.
#[cold]
fn check_effect(rule: &RuleConfig, config: &Config, path: &str, cx: &mut BuildContext<'_>) {
    let fields = [
        ("optional", rule.optional),
        ("report_only", rule.report_only),
        ("scopes", rule.scopes.is_some()),
        ("required_claims", !rule.required_claims.is_empty()),
        ("audiences", rule.audiences.is_some()),
        ("issuers", rule.issuers.is_some()),
    ];
    let given: Vec<&str> =
        fields.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    match (rule.skip, given.is_empty()) {
        (false, true) => {
            let message = "has no effect: give it skip: true, optional: true, report_only: true, \
                           scopes, required_claims, audiences or issuers";
            cx.fault(path, message);
        }
        (true, false) => {
            let given = given.join(", ");
            let message = format!("contradicts {given}: remove skip, or remove the others");
            cx.fault(format!("{path}.skip"), message);
        }
        _ => {}
    }
    if rule.optional && config.anonymous.is_some() {
        let message = "has no effect with anonymous, which also covers requests without a token: \
                       remove one of the two";
        cx.fault(format!("{path}.optional"), message);
    }
}

/// The requirements of a rule. `None` if its requests need no token.
#[cold]
fn requirements(
    rule: &RuleConfig,
    default: &Requirements,
    bit: u64,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<Requirements> {
    let prefix = format!("{path}.");
    let audiences = claims::accepted(rule.audiences.as_ref(), &format!("{prefix}audiences"), cx);
    let issuers = claims::accepted(rule.issuers.as_ref(), &format!("{prefix}issuers"), cx);
    let scopes = rule.scopes.as_ref().map(|config| claims::scopes(config, &prefix, cx));
    let requirements = Requirements {
        issuers: issuers.or_else(|| default.issuers.clone()),
        audiences: audiences.or_else(|| default.audiences.clone()),
        required: claims::required(&rule.required_claims, &prefix, cx),
        scopes: scopes.or_else(|| default.scopes.clone()),
        optional: rule.optional || default.optional,
        report_only: rule.report_only || default.report_only,
        bit,
    };
    (!rule.skip).then_some(requirements)
}
