//! Lines of YAML.

use super::{
    scalar::scalar,
    tree::{Map, Yaml},
};

/// Objects and lists of more characters are not written on one line.
const MAX_FLOW: usize = 88;

/// The text of a document, with comment lines above it.
pub fn document(comments: &[String], map: &Map) -> String {
    let mut lines = Vec::new();
    push_comments(comments, 0, &mut lines);
    push_map(map, 0, "", &mut lines);
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn push_comments(comments: &[String], indent: usize, lines: &mut Vec<String>) {
    for comment in comments {
        let text = format!("{}# {comment}", " ".repeat(indent));
        lines.push(text.trim_end().to_owned());
    }
}

/// Writes members. The first one follows `lead`, such as `- `, which is as wide as the part of
/// `indent` that it replaces.
fn push_map(map: &Map, indent: usize, lead: &str, lines: &mut Vec<String>) {
    let outer = indent.saturating_sub(lead.len());
    for (n, member) in map.members.iter().enumerate() {
        let is_first = n == 0 && !lead.is_empty();
        push_comments(&member.comments, if is_first { outer } else { indent }, lines);
        let start = match is_first {
            true => format!("{}{lead}", " ".repeat(outer)),
            false => " ".repeat(indent),
        };
        let start = format!("{start}{}:", scalar(&member.name));
        push_value(&start, &member.value, indent, lines);
    }
}

fn push_value(start: &str, value: &Yaml, indent: usize, lines: &mut Vec<String>) {
    if let Yaml::Text(text) = value
        && let Some(block) = block(text, indent)
    {
        lines.push(format!("{start} {}", block.0));
        lines.extend(block.1);
        return;
    }
    let room = MAX_FLOW.saturating_sub(start.len());
    match (flow(value), value) {
        (Some(flow), Yaml::List(_)) if flow.len() <= room => lines.push(format!("{start} {flow}")),
        (Some(flow), Yaml::Map(map)) if flow.len() <= room && is_small(map) => {
            lines.push(format!("{start} {flow}"));
        }
        (_, Yaml::List(items)) => {
            lines.push(start.to_owned());
            items.iter().for_each(|item| push_item(item, indent, lines));
        }
        (_, Yaml::Map(map)) => {
            lines.push(start.to_owned());
            push_map(map, indent.saturating_add(2), "", lines);
        }
        (Some(flow), _) => lines.push(format!("{start} {flow}")),
        (None, _) => lines.push(start.to_owned()),
    }
}

fn push_item(item: &Yaml, indent: usize, lines: &mut Vec<String>) {
    let start = format!("{}-", " ".repeat(indent));
    let room = MAX_FLOW.saturating_sub(start.len());
    match (flow(item), item) {
        (Some(flow), Yaml::Map(map)) if !is_small(map) || flow.len() > room => {
            push_map(map, indent.saturating_add(2), "- ", lines);
        }
        (None, Yaml::Map(map)) => push_map(map, indent.saturating_add(2), "- ", lines),
        (_, Yaml::Text(text)) => push_value(&start, &Yaml::Text(text.clone()), indent, lines),
        (Some(flow), _) => lines.push(format!("{start} {flow}")),
        (None, _) => {}
    }
}

/// Whether an object is short enough to read on one line.
fn is_small(map: &Map) -> bool {
    map.members.len() <= 4
        && map.members.iter().all(|member| match &member.value {
            Yaml::Map(inner) => inner.members.len() <= 2,
            Yaml::List(items) => items.len() <= 3,
            _ => true,
        })
}

/// The value on one line. `None` if it has comments, or texts of several lines.
fn flow(value: &Yaml) -> Option<String> {
    Some(match value {
        Yaml::Bool(value) => value.to_string(),
        Yaml::Int(value) => value.to_string(),
        Yaml::Text(text) => scalar(text),
        Yaml::List(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Yaml::Text(text) if text.trim_end().contains('\n') => None,
                    // Lists of objects are easier to read as lines.
                    Yaml::Map(map) if !map.is_empty() => None,
                    item => flow(item),
                })
                .collect();
            format!("[{}]", items?.join(", "))
        }
        Yaml::Map(map) => {
            let mut members = Vec::new();
            for member in &map.members {
                if !member.comments.is_empty() {
                    return None;
                }
                members.push(format!("{}: {}", scalar(&member.name), flow(&member.value)?));
            }
            format!("{{{}}}", members.join(", "))
        }
    })
}

/// A text of several lines as a literal block. `None` if it must be in quotes.
fn block(text: &str, indent: usize) -> Option<(String, Vec<String>)> {
    let is_printable = |c: char| c == '\n' || (!c.is_control() && !"\u{2028}\u{2029}".contains(c));
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_plain = body.contains('\n')
        && text.chars().all(is_printable)
        && body.lines().all(|line| !line.is_empty() && !line.starts_with(' '))
        && !body.ends_with('\n');
    if !is_plain {
        return None;
    }
    let mark = if body.len() == text.len() { "|-" } else { "|" };
    let margin = " ".repeat(indent.saturating_add(2));
    Some((mark.to_owned(), body.lines().map(|line| format!("{margin}{line}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Reader, parse};

    fn map() -> Map {
        let mut credential = Map::new().with("key", "a").with("public_key", "-----\nabc\n-----\n");
        credential.comment("key", "the token's iss");
        let inner = Map::new().with("env", "NAME").with("trim", false);
        let nested =
            Map::new().with("list", vec![Yaml::from(1), Map::new().with("b", true).into()]);
        Map::new()
            .with("credentials", vec![credential, inner])
            .with("empty", Map::new())
            .with("none", Vec::<String>::new())
            .with("nested", nested)
            .with("long", vec!["x".repeat(60), "y".repeat(60)])
            .with("two", "a\n\nb\n")
    }

    #[test]
    fn written_documents_read_back() {
        let text = document(&["first".to_owned()], &map());
        let read = Reader::Kong.value(&parse(&text).unwrap()[0]);
        assert_eq!(read, map().to_json(), "{text}");
    }

    #[test]
    fn comments_are_above_their_members() {
        let text = document(&[], &map());
        let expected = "credentials:\n# the token's iss\n- key: a\n  public_key: |\n    -----\n    abc\n    -----\n- {env: NAME, trim: false}\nempty: {}\n";
        assert!(text.starts_with(expected), "{text}");
    }
}
