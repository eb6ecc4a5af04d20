//! YAML text of values and of parts of a file.

use serde_json::{Map, Value};

use super::lines;
use crate::source::{Content, Node};

/// The lines of a value: objects and lists of objects in block style, the rest on one line.
pub(super) fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if !members.is_empty() => object(members),
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().flat_map(|item| prefixed("- ", lines(item))).collect()
        }
        other => vec![flow(other)],
    }
}

fn object(members: &Map<String, Value>) -> Vec<String> {
    let member = |(name, value): (&String, &Value)| {
        let key = scalar(name);
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                let inner = object(inner).into_iter().map(|line| format!("  {line}"));
                std::iter::once(format!("{key}:")).chain(inner).collect::<Vec<_>>()
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                std::iter::once(format!("{key}:")).chain(lines(value)).collect()
            }
            value => vec![format!("{key}: {}", flow(value))],
        }
    };
    members.iter().flat_map(member).collect()
}

/// Puts a prefix before the first line, and spaces of its width before the others.
fn prefixed(prefix: &str, lines: Vec<String>) -> Vec<String> {
    let rest = " ".repeat(prefix.len());
    let line = |(index, line): (usize, String)| {
        format!("{}{line}", if index == 0 { prefix } else { rest.as_str() })
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// A value on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, value)| format!("{}: {}", scalar(name), flow(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A string without quotes if every YAML reader reads it as a string.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 12] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "none", "nan", "inf"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./-".contains(&b))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// The lines of an object in block style as they are in a file, with comments, without indentation.
/// `None` for other nodes.
pub(super) fn source_lines(text: &str, node: &Node) -> Option<Vec<String>> {
    let Content::Mapping(members) = &node.content else { return None };
    let (first, _) = members.first()?;
    if lines::is_flow(text, node) {
        return None;
    }
    let indentation = lines::column(text, first.span.start);
    let part = text.get(lines::line_start(text, first.span.start)..lines::end(text, node))?;
    let without = |line: &str| {
        let (before, after) = line.split_at_checked(indentation).unwrap_or((line, ""));
        if before.trim().is_empty() { after.to_owned() } else { line.trim_start().to_owned() }
    };
    Some(part.lines().map(|line| without(line).trim_end().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::{Reader, parse};

    #[test]
    fn text_has_the_value() {
        let value = json!({
            "a": {"b": [1, "x", true], "c": [{"d": "no"}, {"e": {"f": null}}], "g": {}},
            "h": ["https://a.example", "/path", "1.5", "", "- x"],
            "i j": "line\nbreak",
        });
        let text = lines(&value).join("\n");
        let node = &parse(&text).unwrap()[0];
        assert_eq!(Reader::Envoy.value(node), value, "{text}");
        assert!(text.contains("  b: [1, x, true]\n"), "{text}");
    }

    #[test]
    fn source_keeps_comments() {
        let text = "x:\n    # first\n    a: 1   # one\n\n    # two\n    b:\n    - c\ny: 2\n";
        let root = &parse(text).unwrap()[0];
        let found = source_lines(text, root.get("x").unwrap()).unwrap();
        assert_eq!(found, ["a: 1   # one", "", "# two", "b:", "- c"]);
        assert_eq!(source_lines(text, root.get("y").unwrap()), None);
    }
}
