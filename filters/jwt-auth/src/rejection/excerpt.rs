//! Values in messages: quoted, escaped and cut. Their sender may be an attacker.

use novasphere_core::Json;
use percent_encoding::percent_encode_byte;

/// Maximum size of a value in bytes, quotes included.
const MAX_VALUE_BYTES: usize = 64;

/// Maximum size of a list of values in bytes.
const MAX_LIST_BYTES: usize = 128;

/// The mark at the end of a cut text.
pub(crate) const MORE: &str = "...";

/// A text in single quotes, at most 64 bytes. Bytes that are not printable ASCII are
/// percent-encoded, and so are `%`, `"`, `'` and `\`.
pub(crate) fn excerpt(text: &str) -> String {
    let is_plain =
        |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'%' | b'"' | b'\'' | b'\\');
    let mut quoted = String::from("'");
    // The end of the part before the mark of a cut text.
    let mut end = 1;
    for byte in text.bytes() {
        if is_plain(byte) {
            quoted.push(char::from(byte));
        } else {
            quoted.push_str(percent_encode_byte(byte));
        }
        if quoted.len() < MAX_VALUE_BYTES - MORE.len() {
            end = quoted.len();
        } else if quoted.len() >= MAX_VALUE_BYTES {
            quoted.truncate(end);
            quoted.push_str(MORE);
            break;
        }
    }
    quoted.push('\'');
    quoted
}

/// Texts as [`excerpt`]s with commas between them, at most 128 bytes.
pub(crate) fn excerpts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    joined(texts.into_iter().map(excerpt), MAX_LIST_BYTES)
}

/// The state of a claim or of a member of the JOSE header: `is missing`, or `is` and at most 64
/// bytes of its value.
pub(crate) fn claim_excerpt(claim: Option<&Json>) -> String {
    match claim {
        None | Some(Json::Null) => "is missing".to_owned(),
        Some(Json::Array(items)) if items.is_empty() => "is an empty list".to_owned(),
        Some(Json::Array(items)) => {
            format!("is a list of {}", joined(items.iter().map(value), MAX_VALUE_BYTES))
        }
        Some(claim) => format!("is {}", value(claim)),
    }
}

fn value(json: &Json) -> String {
    match json {
        Json::String(text) => excerpt(text),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        Json::Null | Json::Bool(_) | Json::Number(_) => json.to_string(),
    }
}

/// All values that fit, and at least one.
fn joined(values: impl Iterator<Item = String>, max: usize) -> String {
    let mut list = String::new();
    for value in values {
        if list.is_empty() {
            list = value;
        } else if list.len() + value.len() + 2 * ", ".len() + MORE.len() > max {
            return list + ", " + MORE;
        } else {
            list = list + ", " + &value;
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_is_quoted_escaped_and_cut() {
        for (text, expected) in [
            ("", "''".to_owned()),
            ("a b.c", "'a b.c'".to_owned()),
            ("a'b\"c\\d%\r\n", "'a%27b%22c%5Cd%25%0D%0A'".to_owned()),
            ("ü", "'%C3%BC'".to_owned()),
            (&"a".repeat(62), format!("'{}'", "a".repeat(62))),
            (&"a".repeat(63), format!("'{}...'", "a".repeat(59))),
            (&"\n".repeat(100), format!("'{}...'", "%0A".repeat(19))),
        ] {
            let quoted = excerpt(text);
            assert_eq!(quoted, expected);
            assert!(quoted.len() <= MAX_VALUE_BYTES, "{quoted}");
        }
    }

    #[test]
    fn claim_excerpt_shows_every_kind_of_value() {
        let long = format!("[{}1]", "123456789, ".repeat(20));
        for (claim, expected) in [
            ("null", "is missing"),
            (r#""x""#, "is 'x'"),
            ("-1.5", "is -1.5"),
            ("true", "is true"),
            (r#"{"a": 1}"#, "is an object"),
            ("[]", "is an empty list"),
            (r#"["a", 1, null, [], {}]"#, "is a list of 'a', 1, null, a list, an object"),
            (&long, "is a list of 123456789, 123456789, 123456789, 123456789, 123456789, ..."),
        ] {
            let claim = Json::parse(claim.as_bytes()).unwrap();
            assert_eq!(claim_excerpt(Some(&claim)), expected);
        }
        assert_eq!(claim_excerpt(None), "is missing");
    }

    #[test]
    fn list_of_excerpts_is_cut_between_items() {
        assert_eq!(excerpts(["a", "b"]), "'a', 'b'");
        let long = excerpts(["a".repeat(50).as_str(); 4]);
        assert!(long.len() <= MAX_LIST_BYTES && long.ends_with("', ..."), "{long}");
    }
}
