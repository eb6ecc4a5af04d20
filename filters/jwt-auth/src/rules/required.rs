//! Claims a token must have, whatever they mean.

use novasphere_core::{BuildContext, InvalidPattern, Json, Pattern};

use crate::{
    config::{Config, RequiredClaimConfig},
    token::claim_path::ClaimPath,
};

/// A claim and what must be in it.
#[derive(Debug)]
pub(crate) struct RequiredClaim {
    path: ClaimPath,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// It is there.
    Present,
    /// It is one of these.
    OneOf(Vec<Json>),
    /// One of these is in it.
    ContainsAny(Vec<Json>),
    /// It is a string of this form, or one is in it.
    Matches(Pattern),
}

/// All entries of `required_claims`.
pub(crate) fn required_claims(config: &Config, cx: &mut BuildContext<'_>) -> Vec<RequiredClaim> {
    let mut rules = Vec::new();
    for (i, wire) in config.required_claims.iter().enumerate() {
        let at = format!("required_claims[{i}]");
        let path = ClaimPath::new(wire.claim.as_deref(), &at, cx);
        let test = Test::new(wire, &at, cx);
        rules.extend(path.zip(test).map(|(path, test)| RequiredClaim { path, test }));
    }
    rules
}

impl RequiredClaim {
    /// Whether `claims` has it.
    pub fn holds(&self, claims: &Json) -> bool {
        let Some(claim) = self.path.find(claims) else { return false };
        match &self.test {
            Test::Present => true,
            Test::OneOf(values) => values.iter().any(|value| same(claim, value)),
            Test::ContainsAny(values) => values.iter().any(|value| contains(claim, value)),
            Test::Matches(pattern) => matches(claim, pattern),
        }
    }
}

impl Test {
    /// None and a fault when there is no such test.
    fn new(wire: &RequiredClaimConfig, at: &str, cx: &mut BuildContext<'_>) -> Option<Self> {
        let one = |value: &Option<Json>| value.clone().map(|value| vec![value]);
        let tests = [
            ("equals", one(&wire.equals)),
            ("one_of", wire.one_of.clone()),
            ("contains", one(&wire.contains)),
            ("contains_any", wire.contains_any.clone()),
            ("matches", wire.matches.clone().map(|text| vec![Json::String(text)])),
        ];
        let mut given =
            tests.into_iter().filter_map(|(name, values)| values.map(|values| (name, values)));
        let Some((name, values)) = given.next() else { return Some(Test::Present) };
        if let Some((other, _)) = given.next() {
            cx.fault(at, format!("has both {name} and {other}; write an entry for each"));
        }
        if values.is_empty() {
            cx.fault(format!("{at}.{name}"), "is empty: no claim could be right");
        }
        if values.iter().any(|v| matches!(v, Json::Null | Json::Array(_) | Json::Object(_))) {
            let message = "must be strings, numbers or booleans: nothing else is compared";
            cx.fault(format!("{at}.{name}"), message);
        }
        if name != "matches" && cx.values_are_text() && values.iter().any(looks_like_scalar) {
            let message = "may be text, or a number or boolean that the proxy wrote as text; write \
                           the whole configuration as JSON text in one field, json";
            cx.fault(format!("{at}.{name}"), message);
        }
        match name {
            "matches" => {
                let pattern = Pattern::new(wire.matches.as_deref().unwrap_or_default());
                let fault = |why| cx.fault(format!("{at}.matches"), no_pattern(&why));
                pattern.map_err(fault).ok().map(Test::Matches)
            }
            "contains" | "contains_any" => Some(Test::ContainsAny(values)),
            _ => Some(Test::OneOf(values)),
        }
    }
}

/// Whether this text may have been a number or a boolean.
fn looks_like_scalar(value: &Json) -> bool {
    let parsed = value.as_str().map(|text| Json::parse(text.as_bytes()));
    matches!(parsed, Some(Ok(Json::Number(_) | Json::Bool(_))))
}

fn no_pattern(why: &InvalidPattern) -> String {
    let remedy = match why {
        InvalidPattern::Empty => "leave it out to accept any value",
        InvalidPattern::TooLong(_) => "shorten it, or list values in one_of",
        InvalidPattern::Syntax { .. } => "mend it, or list values in one_of",
    };
    format!("{why}; {remedy}")
}

/// An array has items, and a string has words between spaces, as `scope` has (RFC 8693 section 4.2).
fn contains(claim: &Json, value: &Json) -> bool {
    match claim {
        Json::Array(items) => items.iter().any(|item| same(item, value)),
        Json::String(text) => value.as_str().is_some_and(|word| text.split(' ').any(|w| w == word)),
        _ => false,
    }
}

/// Strings only: what a number or an object looks like is no matter of form.
fn matches(claim: &Json, pattern: &Pattern) -> bool {
    let is_match = |json: &Json| json.as_str().is_some_and(|text| pattern.is_match(text));
    match claim {
        Json::Array(items) => items.iter().any(is_match),
        _ => is_match(claim),
    }
}

/// Whole numbers are compared exactly; 5.0 is 5.
fn same(claim: &Json, value: &Json) -> bool {
    match (claim, value) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        _ => claim == value,
    }
}
