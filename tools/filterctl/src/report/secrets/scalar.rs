//! Where the value of a scalar is: the span of a node may also have an anchor, a tag, quotes, the `|`
//! of a block, and a comment after the quotes.

use super::Secret;
use crate::source::{Content, Node, Style};

/// All scalars, except any that contains one of the roots.
pub(super) fn innermost<'n>(roots: &[&'n Node]) -> Vec<&'n Node> {
    let mut found = Vec::new();
    for root in roots {
        root.walk(&mut |node| {
            let keys = node.members().iter().map(|(key, _)| key);
            found.extend(keys.chain([node]).filter(|node| node.text().is_some()));
        });
    }
    let mut inner: Vec<&Node> =
        roots.iter().copied().filter(|root| root.text().is_none()).collect();
    inner.sort_unstable_by_key(|root| root.span.start);
    found.retain(|outer| {
        let first = inner.partition_point(|root| root.span.start < outer.span.start);
        let behind = inner.iter().skip(first);
        let mut inside = behind.take_while(|root| root.span.start <= outer.span.end);
        !inside.any(|root| root.span.end <= outer.span.end && root.span != outer.span)
    });
    found
}

/// The value of a scalar.
pub(super) fn secret(node: &Node, text: &str) -> Option<Secret> {
    let written = text.get(node.span.clone())?.trim_end();
    let properties = properties_length(written);
    let value = written.get(properties..)?;
    let is_block = matches!(node.content, Content::Scalar { style: Style::Block, .. });
    let (skipped, length, is_plain) = match (is_block, quoted_length(value)) {
        (false, Some(length)) => (properties.saturating_add(1), length, false),
        (false, None) => (properties, value.len(), true),
        (true, _) => {
            // The span may also start at the first line of the block.
            let first = written.lines().next().unwrap_or_default();
            let is_inside = node.text().is_some_and(|text| text.trim_start().starts_with(first));
            let head = block_head(value).filter(|_| !is_inside);
            let head = head.map_or(0, |head| properties.saturating_add(head));
            (head, written.len().saturating_sub(head), false)
        }
    };
    let start = node.span.start.saturating_add(skipped);
    Some(Secret { span: start..start.saturating_add(length), is_plain })
}

/// The length of the anchor and the tag before a value. No plain scalar starts like them.
fn properties_length(written: &str) -> usize {
    let mut rest = written;
    while rest.starts_with(['&', '!']) {
        rest = rest.trim_start_matches(|c: char| !c.is_whitespace()).trim_start();
    }
    written.len().saturating_sub(rest.len())
}

/// The length of the text in quotes.
fn quoted_length(value: &str) -> Option<usize> {
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let mut chars = value.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if c == '\\' && quote == '"' || c == quote && quote == '\'' && next == Some(quote) {
            chars.next();
        } else if c == quote {
            return at.checked_sub(1);
        }
    }
    None
}

/// The length of the line with the `|` or `>` of a block.
fn block_head(value: &str) -> Option<usize> {
    let line = value.split_inclusive('\n').next()?;
    let rest = line.strip_prefix(['|', '>'])?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let is_comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
    (rest.trim().is_empty() || is_comment).then_some(line.trim_end().len())
}
