//! Files of lines `NAME = value`, such as kong.conf and environment files.

use std::ops::Range;

use super::{Content, Node, Style};

/// The settings of a string as an object. `None` if a line is neither a setting nor a comment.
pub(super) fn parse(text: &str) -> Option<Node> {
    let mut members = Vec::new();
    let mut start: usize = 0;
    for line in text.split_inclusive('\n') {
        let place = start;
        start = start.saturating_add(line.len());
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.trim().is_empty() || !name.trim().chars().all(is_name) {
            return None;
        }
        let value_place = place.saturating_add(name.len()).saturating_add(1);
        // A comment behind a value starts with ` #`.
        let value = value.split(" #").next().unwrap_or_default();
        members.push((node(name, place), node(value, value_place)));
    }
    let first = members.first()?.0.span.start;
    Some(Node { span: first..text.len(), content: Content::Mapping(members) })
}

/// A scalar without the white space around it. It keeps its quotes, as nginx's log formats need.
fn node(written: &str, place: usize) -> Node {
    let text = written.trim();
    let before = written.len().saturating_sub(written.trim_start().len());
    let start = place.saturating_add(before);
    let span: Range<usize> = start..start.saturating_add(text.len());
    Node { span, content: Content::Scalar { text: text.to_owned(), style: Style::Plain } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_places() {
        let text = "# comment\n\nwasm = on # yes\nnginx_main_env=A; env B\n";
        let root = parse(text).unwrap();
        assert_eq!(root.get_text("wasm"), Some("on"));
        let value = root.get("nginx_main_env").unwrap();
        assert_eq!(text.get(value.span.clone()), Some("A; env B"));
    }

    #[test]
    fn rejects_other_texts() {
        for text in ["", "# only\n", "a: b\nc = d\n", "a-b = c\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
