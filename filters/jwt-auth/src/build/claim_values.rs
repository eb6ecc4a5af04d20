//! The values of required claims. Some hosts change the types of values in configurations.

use novasphere_core::{BuildContext, Json};

/// The smallest whole number that Envoy's YAML reader passes as text. Larger ones are not exact as
/// doubles.
const MAX_WHOLE: u64 = (1 << 53) - 1;

/// Checks the values of a test of the required claim at `path`.
#[cold]
pub(super) fn check(test: &str, values: &[Json], path: &str, cx: &mut BuildContext<'_>) {
    let path = format!("{path}.{test}");
    if values.is_empty() {
        cx.fault(&path, "must not be empty, because it would reject every token");
    }
    if values.iter().any(|v| matches!(v, Json::Null | Json::Array(_) | Json::Object(_))) {
        cx.fault(&path, "must be a string, number or boolean, or a list of these");
    }
    if test == "matches" {
        return;
    }
    if cx.values_are_text() && values.iter().any(looks_like_scalar) {
        let message = "is ambiguous: it may be text, or a number or boolean that the proxy passed \
                       as text; write the whole configuration as JSON text in one field, json";
        cx.fault(&path, message);
    }
    if cx.guesses_types() {
        check_guessed(test, values, &path, cx);
    }
}

/// Whether this text may have been a number or a boolean.
fn looks_like_scalar(value: &Json) -> bool {
    let parsed = value.as_str().map(|text| Json::parse(text.as_bytes()));
    matches!(parsed, Some(Ok(Json::Number(_) | Json::Bool(_))))
}

/// Rejects values whose type in the configuration is uncertain. A single boolean is common and
/// unlikely to be wrong, so it gets a warning.
#[cold]
fn check_guessed(test: &str, values: &[Json], path: &str, cx: &mut BuildContext<'_>) {
    let is_number = |text: &&str| is_number_passed_as_text(text);
    if let Some(text) = values.iter().filter_map(Json::as_str).find(is_number) {
        let message = format!(
            "{text:?} is ambiguous: the proxy's YAML passes fractions and numbers above 53 bits \
             as text; for text, write matches with the dots as \\\\.; for a number, write the \
             configuration as JSON text in a google.protobuf.StringValue"
        );
        cx.fault(path, message);
    }
    let Some(flag) = values.iter().find(|value| matches!(value, Json::Bool(_))) else { return };
    let words = if *flag == Json::Bool(true) { "y, yes and on" } else { "n, no and off" };
    let problem = format!("the proxy's YAML reads {words} as {flag} too: write strings in quotes");
    let names_flag = |value: &Json| matches!(value.as_str(), Some("true" | "false"));
    if test == "equals" {
        cx.warn(path, &format!("is the boolean {flag}; {problem}"));
    } else if !values.iter().any(names_flag) {
        let message = format!(
            "{flag} is ambiguous: {problem}; for the boolean, use equals, or list {:?} beside it",
            flag.to_string()
        );
        cx.fault(path, message);
    }
}

/// Whether plain YAML may have had this text as a number that the host passes as text. Whole numbers
/// below 2^53 keep their type.
fn is_number_passed_as_text(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mantissa = digits.split(['e', 'E']).next().unwrap_or_default();
    let exponent = digits.split_once(['e', 'E']).map(|(_, exponent)| exponent);
    let whole =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let is_exponent = |text: &str| whole(text.strip_prefix(['+', '-']).unwrap_or(text));
    if !exponent.is_none_or(is_exponent) {
        return false;
    }
    match mantissa.split_once('.') {
        Some((start, end)) => {
            let is_part = |text: &str| text.is_empty() || whole(text);
            is_part(start) && is_part(end) && mantissa.len() > 1
        }
        None if exponent.is_some() || mantissa.contains('_') => {
            whole(mantissa) && mantissa.starts_with(|c: char| c.is_ascii_digit())
        }
        // A number that is too long for u64 is also too large for a double.
        None => whole(mantissa) && mantissa.parse().map_or(true, |number: u64| number >= MAX_WHOLE),
    }
}
