//! Lines and columns of nodes.

use crate::source::{Content, Node};

/// The start of the line with the byte `at`.
pub(super) fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |newline| newline.saturating_add(1))
}

/// The end of the line with the byte `at`, after its newline.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    after.find('\n').map_or(text.len(), |newline| at.saturating_add(newline).saturating_add(1))
}

/// The number of bytes before `at` in its line.
pub(super) fn column(text: &str, at: usize) -> usize {
    at.saturating_sub(line_start(text, at))
}

/// Whether a node is the first in its line.
pub(super) fn is_first(text: &str, node: &Node) -> bool {
    let before = text.get(line_start(text, node.span.start)..node.span.start);
    before.is_some_and(|before| before.trim().is_empty())
}

/// Whether an object or a list is written in brackets.
pub(super) fn is_flow(text: &str, node: &Node) -> bool {
    text.get(node.span.start..).is_some_and(|rest| rest.starts_with(['{', '[']))
}

/// The end of the last line of a node, after its newline.
pub(super) fn end(text: &str, node: &Node) -> usize {
    line_end(text, last(text, node))
}

/// The last byte of a node. The span of a block ends at the next token, which may be lines away.
fn last(text: &str, node: &Node) -> usize {
    let of_children = match &node.content {
        Content::Mapping(members) => members.last().map(|(key, value)| {
            // An alias has the span of its anchor, and a value that is missing has none.
            last(text, value).max(key.span.end.saturating_sub(1))
        }),
        Content::Sequence(items) => items.last().map(|item| last(text, item)),
        Content::Scalar { .. } => None,
    };
    match of_children {
        Some(last) if !is_flow(text, node) => last,
        _ => {
            let part = text.get(node.span.clone()).unwrap_or_default();
            node.span.start.saturating_add(part.trim_end().len()).saturating_sub(1)
        }
    }
}

/// The dash of an item of a block list.
pub(super) fn dash(text: &str, item: &Node) -> Option<usize> {
    let start = match &item.content {
        Content::Mapping(members) if !is_flow(text, item) => members.first()?.0.span.start,
        _ => item.span.start,
    };
    let line = line_start(text, start);
    let before = text.get(line..start)?;
    Some(line.saturating_add(before.rfind('-')?))
}
