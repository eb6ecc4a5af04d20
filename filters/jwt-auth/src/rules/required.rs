//! Claims that a token must have.

use novasphere_core::{Json, Pattern};

use crate::token::claim_path::ClaimPath;

/// A required claim and the test of its value.
#[derive(Debug)]
pub(crate) struct RequiredClaim {
    pub(crate) path: ClaimPath,
    pub(crate) test: ClaimTest,
}

/// A test of a claim's value.
#[derive(Debug)]
pub(crate) enum ClaimTest {
    /// The claim is present.
    Present,
    /// The claim equals one of these values.
    OneOf(Vec<Json>),
    /// The claim contains one of these values.
    ContainsAny(Vec<Json>),
    /// The claim is a string that matches the pattern, or an array with such a string.
    Matches(Pattern),
}

impl RequiredClaim {
    /// Whether `claims` has the claim with an accepted value.
    pub(crate) fn is_met_by(&self, claims: &Json) -> bool {
        let Some(claim) = self.path.find(claims) else { return false };
        match &self.test {
            ClaimTest::Present => true,
            ClaimTest::OneOf(values) => values.iter().any(|value| is_equal(claim, value)),
            ClaimTest::ContainsAny(values) => values.iter().any(|value| contains(claim, value)),
            ClaimTest::Matches(pattern) => matches(claim, pattern),
        }
    }
}

/// Whether `value` is an item of an array, or a word between the spaces of a string as in `scope`
/// (RFC 8693 section 4.2).
fn contains(claim: &Json, value: &Json) -> bool {
    match claim {
        Json::Array(items) => items.iter().any(|item| is_equal(item, value)),
        Json::String(text) => value.as_str().is_some_and(|word| text.split(' ').any(|w| w == word)),
        _ => false,
    }
}

/// Compares strings only. A number matches no pattern, because its text has several forms.
fn matches(claim: &Json, pattern: &Pattern) -> bool {
    let is_match = |json: &Json| json.as_str().is_some_and(|text| pattern.is_match(text));
    match claim {
        Json::Array(items) => items.iter().any(is_match),
        _ => is_match(claim),
    }
}

/// Whole numbers are compared exactly. 5.0 equals 5.
fn is_equal(claim: &Json, value: &Json) -> bool {
    match (claim, value) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        _ => claim == value,
    }
}
