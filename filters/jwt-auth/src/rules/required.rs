//! Claims that a token must have.

use std::fmt;

use novasphere_core::{Json, Pattern, trace::Note};

use crate::{
    decision::Refusal,
    rejection::{Rejection, claim_excerpt, excerpts},
    token::claim_path::ClaimPath,
};

/// A required claim and the test of its value.
#[derive(Debug)]
pub(crate) struct RequiredClaim {
    /// The entry in the configuration, such as `required_claims[0]`.
    pub(crate) entry: String,
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
    /// Checks that `claims` has the claim with an accepted value.
    pub(crate) fn check(&self, claims: &Json) -> Result<(), Rejection> {
        let claim = self.path.find(claims);
        let is_met = claim.is_some_and(|claim| self.test.accepts(claim));
        if is_met {
            return Ok(());
        }
        let found = format!("the claim of {} {}", self.entry, claim_excerpt(claim));
        Err(Refusal::RequiredClaim.found(found).expected(format!("{} {}", self.path, self.test)))
    }
}

impl RequiredClaim {
    /// The note about a claim that passed.
    pub(crate) fn describe(&self, note: Note, claims: &Json) -> Note {
        let found = format!("{} {}", self.path, claim_excerpt(self.path.find(claims)));
        note.expected(format!("{} {}", self.path, self.test)).found(found)
    }
}

impl ClaimTest {
    fn accepts(&self, claim: &Json) -> bool {
        match self {
            Self::Present => true,
            Self::OneOf(values) => values.iter().any(|value| is_equal(claim, value)),
            Self::ContainsAny(values) => values.iter().any(|value| contains(claim, value)),
            Self::Matches(pattern) => matches(claim, pattern),
        }
    }
}

/// The accepted values, for operators.
impl fmt::Display for ClaimTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |values: &[Json]| {
            let texts: Vec<String> = values.iter().map(text).collect();
            excerpts(texts.iter().map(String::as_str))
        };
        match self {
            Self::Present => f.write_str("to be present"),
            Self::OneOf(values) => write!(f, "to be {}", texts(values)),
            Self::ContainsAny(values) => write!(f, "to contain {}", texts(values)),
            Self::Matches(_) => f.write_str("to match its pattern"),
        }
    }
}

/// A configured value as text.
fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
