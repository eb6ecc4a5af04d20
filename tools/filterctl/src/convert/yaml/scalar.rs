//! Texts as YAML scalars that every reader takes for the same text.

/// The scalar of a string on one line.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a string needs no quotes, in YAML 1.1 and 1.2, also inside brackets.
fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let starts = |c: char| c.is_ascii_alphabetic() || c == '/' || c == '_';
    let is_duration = || {
        let digits = text.strip_suffix('s').or_else(|| text.strip_suffix('m'));
        digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_word = text.starts_with(starts) && text.chars().all(is_safe);
    (is_word && !is_special(text)) || is_duration()
}

/// Whether some reader takes the text for a boolean or null.
fn is_special(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null")
}

/// The text in quotes: single ones if it has a backslash, so that expressions stay readable.
fn quoted(text: &str) -> String {
    let is_printable = |c: char| !c.is_control() && !is_line_break(c);
    if text.contains('\\') && !text.contains('\'') && text.chars().all(is_printable) {
        return format!("'{text}'");
    }
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || is_line_break(c) => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that YAML 1.1 takes for line breaks or a byte order mark.
const fn is_line_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Reader, parse};

    #[test]
    fn every_reader_reads_the_same_text() {
        let texts = [
            "api",
            "/api/v1",
            "no",
            "Y",
            "60s",
            "1e3",
            "0x10",
            "",
            "~",
            "a: b",
            "#a",
            "a\\.b",
            "it's \\d",
            "ä\u{85}\u{2028}",
            "-",
            "- a",
            "1:30",
            "{a}",
            "\t",
            "a,b",
            "*",
            "5",
            "null",
            "a\nb",
            "\u{7f}",
        ];
        for text in texts {
            let written = format!("[{}]", scalar(text));
            for reader in [Reader::Envoy, Reader::Kong, Reader::Kubernetes, Reader::Yaml] {
                let value = reader.value(&parse(&written).unwrap()[0]);
                assert_eq!(value, serde_json::json!([text]), "{written}");
            }
        }
    }
}
