//! The rules about claims.

use novasphere_core::{BuildContext, InvalidPattern, Json, Pattern, with_separators};

use super::{claim_values, field};
use crate::{
    config::{Config, MAX_EXPIRATION, MAX_LEEWAY, RequiredClaimConfig, ScopesConfig, TimeClaim},
    rules::{
        claims::{ClaimRules, NameRules, TimeRules, media_type},
        denied::DeniedTokens,
        required::{ClaimTest, RequiredClaim},
        scope::{Scopes, is_scope_token},
    },
};

#[cold]
pub(super) fn build(config: &Config, cx: &mut BuildContext<'_>) -> ClaimRules {
    ClaimRules {
        times: times(config, cx),
        names: names(config, cx),
        denied: denied(config, cx),
        required: required(&config.required_claims, "", cx),
    }
}

#[cold]
fn times(config: &Config, cx: &mut BuildContext<'_>) -> TimeRules {
    let (leeway, maximum) = (config.leeway, config.maximum_expiration);
    let requires = |claim: TimeClaim| config.claims_to_verify.contains(&claim);
    for (field, value, max) in
        [("leeway", leeway, MAX_LEEWAY), ("maximum_expiration", maximum, MAX_EXPIRATION)]
    {
        if value > max {
            let max = with_separators(max);
            cx.fault(field, format!("must be 0 to {max} seconds, got {value}"));
        }
    }
    if maximum > 0 && !requires(TimeClaim::Exp) {
        cx.fault("maximum_expiration", "needs \"exp\" in claims_to_verify");
    }
    TimeRules {
        requires_exp: requires(TimeClaim::Exp),
        requires_nbf: requires(TimeClaim::Nbf),
        checks_iat: requires(TimeClaim::Iat),
        leeway: leeway.into(),
        maximum_expiration: (maximum > 0).then_some(maximum.into()),
    }
}

#[cold]
fn names(config: &Config, cx: &mut BuildContext<'_>) -> NameRules {
    let types = accepted(config.typ.as_ref(), "typ", cx);
    NameRules {
        types: types.map(|types| types.iter().map(|typ| media_type(typ).to_owned()).collect()),
        subjects: accepted(config.subjects.as_ref(), "subjects", cx),
    }
}

/// A list of accepted values. `path` is its path in the configuration.
#[cold]
pub(super) fn accepted(
    list: Option<&Vec<String>>,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<Vec<String>> {
    if list.is_some_and(Vec::is_empty) {
        let message =
            "must not be empty, because it would reject every token; omit it to accept any";
        cx.fault(path, message);
    }
    list.cloned()
}

#[cold]
fn denied(config: &Config, cx: &mut BuildContext<'_>) -> DeniedTokens {
    let config = &config.denied_tokens;
    field::check_items(&config.jti, "denied_tokens.jti", cx);
    field::check_items(&config.sub, "denied_tokens.sub", cx);
    DeniedTokens::new(config.jti.clone(), config.sub.clone())
}

/// The scopes of the object at `prefix`, which is empty or ends in a dot.
#[cold]
pub(super) fn scopes(config: &ScopesConfig, prefix: &str, cx: &mut BuildContext<'_>) -> Scopes {
    if config.all_of.is_empty() && config.any_of.is_empty() {
        cx.fault(format!("{prefix}scopes"), "must name a scope; omit it to require none");
    }
    for (field, scopes) in [("all_of", &config.all_of), ("any_of", &config.any_of)] {
        for (i, scope) in scopes.iter().enumerate().filter(|(_, scope)| !is_scope_token(scope)) {
            let message = format!("must be a scope (RFC 6749 3.3), got {scope:?}");
            cx.fault(format!("{prefix}scopes.{field}[{i}]"), message);
        }
    }
    Scopes::new(config.all_of.clone(), config.any_of.clone())
}

/// The required claims of the object at `prefix`, which is empty or ends in a dot.
#[cold]
pub(super) fn required(
    configs: &[RequiredClaimConfig],
    prefix: &str,
    cx: &mut BuildContext<'_>,
) -> Vec<RequiredClaim> {
    let mut rules = Vec::new();
    for (i, config) in configs.iter().enumerate() {
        let entry = format!("{prefix}required_claims[{i}]");
        let claim = field::claim_path(config.claim.as_ref(), &entry, cx);
        let test = claim_test(config, &entry, cx);
        rules.extend(claim.zip(test).map(|(path, test)| RequiredClaim { entry, path, test }));
    }
    rules
}

/// The test of a required claim. `None` after a fault.
#[cold]
fn claim_test(
    config: &RequiredClaimConfig,
    path: &str,
    cx: &mut BuildContext<'_>,
) -> Option<ClaimTest> {
    let one = |value: &Option<Json>| value.clone().map(|value| vec![value]);
    let tests = [
        ("equals", one(&config.equals)),
        ("one_of", config.one_of.clone()),
        ("contains", one(&config.contains)),
        ("contains_any", config.contains_any.clone()),
        ("matches", config.matches.clone().map(|text| vec![Json::String(text)])),
    ];
    let mut given =
        tests.into_iter().filter_map(|(name, values)| values.map(|values| (name, values)));
    let Some((name, values)) = given.next() else { return Some(ClaimTest::Present) };
    if let Some((other, _)) = given.next() {
        cx.fault(path, format!("has both {name} and {other}; use one entry for each"));
    }
    claim_values::check(name, &values, path, cx);
    match name {
        "matches" => {
            let pattern = Pattern::new(config.matches.as_deref().unwrap_or_default());
            let fault = |invalid| cx.fault(format!("{path}.matches"), with_remedy(&invalid));
            pattern.map_err(fault).ok().map(ClaimTest::Matches)
        }
        "contains" | "contains_any" => Some(ClaimTest::ContainsAny(values)),
        _ => Some(ClaimTest::OneOf(values)),
    }
}

fn with_remedy(invalid: &InvalidPattern) -> String {
    let remedy = match invalid {
        InvalidPattern::Empty => "omit it to accept any value",
        InvalidPattern::TooLong(_) => "shorten it, or list values in one_of",
        InvalidPattern::Syntax { .. } => "correct it, or list values in one_of",
    };
    format!("{invalid}; {remedy}")
}
