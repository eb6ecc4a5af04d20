//! Compares how strict the rules are, and checks their conditions accordingly.

use novasphere_core::{BuildContext, RequestCondition, RequiredVariants};

use crate::{
    config::Config,
    rules::{
        requests::{Rule, is_as_strict},
        requirements::Requirements,
    },
};

/// Sets the required variants of the rules after the entries of `skip`, lets their `GET` include
/// `HEAD`, and checks their conditions.
#[cold]
pub(super) fn apply(
    rules: &mut [Rule],
    default: &Requirements,
    config: &Config,
    cx: &mut BuildContext<'_>,
) {
    let mut later = rules.get_mut(config.skip.len()..).unwrap_or_default();
    let mut i: usize = 0;
    while let Some((rule, rest)) = later.split_first_mut() {
        let path = format!("rules[{i}]");
        rule.required_variants = required_variants(rule, rest, default);
        check_header(rule, rest, i, cx);
        check_methods(rule, &path, cx);
        let is_optional = config.rules.get(i).is_some_and(|config| config.optional);
        if rule.required_variants == RequiredVariants::Any && !is_optional {
            warn_of_requests_without_token(config, &path, cx);
        }
        (later, i) = (rest, i.saturating_add(1));
    }
}

fn required_variants(rule: &Rule, later: &[Rule], default: &Requirements) -> RequiredVariants {
    let requirements = rule.requirements.as_ref();
    let is_less_strict = |other| is_as_strict(other, requirements);
    if is_as_strict(requirements, Some(default)) {
        RequiredVariants::Any
    } else if is_less_strict(Some(default))
        && later.iter().all(|rule| is_less_strict(rule.requirements.as_ref()))
    {
        // The rules and checks that can apply in its place are at least as strict.
        RequiredVariants::All
    } else {
        RequiredVariants::AllOrAmbiguous
    }
}

/// Rejects a header with which a client could choose a less strict check.
#[cold]
fn check_header(rule: &Rule, later: &[Rule], i: usize, cx: &mut BuildContext<'_>) {
    if rule.condition.header.is_none() {
        return;
    }
    let path = format!("rules[{i}].header");
    if rule.required_variants != RequiredVariants::Any {
        let message = "cannot be a condition here: clients choose their headers, and this rule \
                       accepts requests that the filter rejects. Use a path or a route";
        cx.fault(path, message);
        return;
    }
    let is_avoidable = |other: &Rule| {
        !is_as_strict(rule.requirements.as_ref(), other.requirements.as_ref())
            && !exclude_each_other(&rule.condition, &other.condition)
    };
    if let Some(offset) = later.iter().position(is_avoidable) {
        let other = i.saturating_add(offset).saturating_add(1);
        let message = format!(
            "cannot be a condition before rules[{other}]: clients choose their headers, and could \
             avoid what rules[{other}] requires. Move this rule after it"
        );
        cx.fault(path, message);
    }
}

/// Whether the two conditions require different values of one header.
fn exclude_each_other(a: &RequestCondition, b: &RequestCondition) -> bool {
    let (Some(a), Some(b)) = (&a.header, &b.header) else { return false };
    a.name == b.name && !a.one_of.iter().any(|value| b.one_of.contains(value))
}

/// A `HEAD` request is a `GET` request without the content of the response (RFC 9110 section 9.3.2).
#[cold]
fn check_methods(rule: &mut Rule, path: &str, cx: &mut BuildContext<'_>) {
    let methods = &mut rule.condition.methods;
    let has = |name: &str| methods.iter().any(|method| method == name);
    if !has("GET") || has("HEAD") {
        return;
    }
    match rule.required_variants {
        RequiredVariants::Any => methods.push("HEAD".to_owned()),
        RequiredVariants::All => {}
        RequiredVariants::AllOrAmbiguous => {
            let message =
                "must list HEAD too: otherwise HEAD requests avoid what this rule requires";
            cx.fault(format!("{path}.methods"), message);
        }
    }
}

/// Warns about a rule that is meant to be strict, but lets requests without a token pass because of
/// the filter's `optional` or `anonymous`.
#[cold]
fn warn_of_requests_without_token(config: &Config, path: &str, cx: &mut BuildContext<'_>) {
    if config.optional {
        let message = "requests without a token pass this rule too, because the filter has \
                       optional: true. Remove it there, and set it in the rules that need it";
        cx.warn(path, message);
    } else if config.anonymous.is_some() {
        let message =
            "requests without a valid token pass this rule too, as the anonymous consumer";
        cx.warn(path, message);
    }
}
