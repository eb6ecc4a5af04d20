//! Why a value does not fit, in a user's words.

use std::fmt;

use serde::de::{self, Unexpected};
use serde_json::Number;

use super::node::Steps;

/// Why a node does not fit the type it is read as.
#[derive(Debug)]
pub(super) struct Mismatch {
    pub(super) steps: Steps,
    /// The field that is missing from the object at `steps`.
    pub(super) field: Option<&'static str>,
    pub(super) message: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { steps: Steps::new(), field: None, message: message.to_string() }
    }

    fn invalid_type(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format!("must be {}, not {}", Wanted(expected), Quoted(got)))
    }

    fn invalid_value(got: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(got, expected)
    }

    fn unknown_variant(got: &str, variants: &'static [&'static str]) -> Self {
        let hint = suggestion(got, variants);
        Self::custom(format!("must be one of {}, not {got:?}{hint}", variants.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { field: Some(field), ..Self::custom("is required") }
    }
}

/// What a type expects, in a user's words.
pub(super) struct Wanted<'a>(pub(super) &'a dyn de::Expected);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_string().as_str() {
            "u16" | "u32" | "u64" => f.write_str("a whole number from 0"),
            "a sequence" => f.write_str("a list"),
            "a boolean" => f.write_str("true or false"),
            other => f.write_str(other),
        }
    }
}

/// A value as a user wrote it, cut to a readable length.
pub(super) struct Quoted<'a>(pub(super) Unexpected<'a>);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "{value}"),
            Unexpected::Unsigned(value) => write!(f, "{value}"),
            Unexpected::Signed(value) => write!(f, "{value}"),
            Unexpected::Float(value) => float(value, f),
            Unexpected::Str(text) => {
                let cut: String = text.chars().take(60).collect();
                let more = if cut.len() < text.len() { "…" } else { "" };
                write!(f, "{cut:?}{more}")
            }
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("an object"),
            Unexpected::Unit => f.write_str("null"),
            // What no JSON holds.
            _ => f.write_str("this"),
        }
    }
}

/// As the JSON reader writes numbers: the formatting of floats in the standard library would make
/// every module 20 KB larger.
fn float(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(number) = Number::from_f64(value) else { return f.write_str("this number") };
    let text = number.to_string();
    f.write_str(text.strip_suffix(".0").unwrap_or(&text))
}

/// `, did you mean "…"?` when one of `known` is close to what was written.
pub(super) fn suggestion(written: &str, known: &[&str]) -> String {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let distance = |name: &str| strsim::osa_distance(&plain(written), &plain(name));
    known
        .iter()
        .map(|name| (distance(name), name))
        .filter(|(distance, name)| *distance <= 2 && *distance < name.len().div_ceil(2))
        .min()
        .map(|(_, name)| format!(", did you mean {name:?}?"))
        .unwrap_or_default()
}
