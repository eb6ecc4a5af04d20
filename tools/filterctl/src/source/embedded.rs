//! Documents inside scalars. Their nodes get positions in the outermost file.

use std::ops::Range;

use super::{Content, Node, ParseError, Style, parse as parse_text};

/// The documents in the text of `scalar`, which is a part of `file`.
pub(super) fn parse(file: &str, scalar: &Node) -> Result<Vec<Node>, ParseError> {
    let text = scalar.text().unwrap_or_default();
    let positions = Positions::new(file, scalar, text);
    let mut documents = parse_text(text).map_err(|error| ParseError {
        span: positions.range(&error.span),
        message: error.message,
    })?;
    documents.iter_mut().for_each(|node| translate(node, &positions));
    Ok(documents)
}

fn translate(node: &mut Node, positions: &Positions) {
    node.span = positions.range(&node.span);
    match &mut node.content {
        Content::Scalar { .. } => {}
        Content::Sequence(items) => items.iter_mut().for_each(|item| translate(item, positions)),
        Content::Mapping(members) => members.iter_mut().for_each(|(key, value)| {
            translate(key, positions);
            translate(value, positions);
        }),
    }
}

/// Positions in a file of the text of a scalar.
struct Positions {
    /// Starts of pieces that the file contains as they are: offset in the text, offset in the file.
    pieces: Vec<(usize, usize)>,
    whole: Range<usize>,
}

impl Positions {
    fn new(file: &str, scalar: &Node, text: &str) -> Self {
        let whole = scalar.span.clone();
        let is_block = matches!(scalar.content, Content::Scalar { style: Style::Block, .. });
        let pieces =
            if is_block { lines(file, &whole, text) } else { verbatim(file, &whole, text) };
        Self { pieces, whole }
    }

    fn offset(&self, at: usize) -> Option<usize> {
        let next = self.pieces.partition_point(|(start, _)| *start <= at);
        let (start, in_file) = self.pieces.get(next.checked_sub(1)?)?;
        Some(in_file.saturating_add(at.saturating_sub(*start)).min(self.whole.end))
    }

    fn range(&self, range: &Range<usize>) -> Range<usize> {
        match (self.offset(range.start), self.offset(range.end)) {
            (Some(start), Some(end)) if start <= end => start..end,
            _ => self.whole.clone(),
        }
    }
}

/// The lines of a literal block, without their indentation. Empty for a folded block.
fn lines(file: &str, whole: &Range<usize>, text: &str) -> Vec<(usize, usize)> {
    let Some(written) = file.get(whole.clone()) else { return Vec::new() };
    let mut in_file = whole.start;
    let mut written = written.split_inclusive('\n').map(|line| {
        let start = in_file;
        in_file = in_file.saturating_add(line.len());
        (start, line.trim_end_matches(['\n', '\r']))
    });
    let mut pieces = Vec::new();
    let mut in_text: usize = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let matches = |(_, written): &(usize, &str)| written.ends_with(content);
        let found = if !pieces.is_empty() {
            written.next().filter(matches)
        } else if content.is_empty() {
            // The span starts at the first line that is not empty, or at the `|` before it.
            in_text = in_text.saturating_add(line.len());
            continue;
        } else {
            written.find(matches)
        };
        let Some((start, line_in_file)) = found else { return Vec::new() };
        let indentation = line_in_file.len().saturating_sub(content.len());
        pieces.push((in_text, start.saturating_add(indentation)));
        in_text = in_text.saturating_add(line.len());
    }
    pieces
}

/// The whole text, if the scalar has no escape sequences.
fn verbatim(file: &str, whole: &Range<usize>, text: &str) -> Vec<(usize, usize)> {
    let start = file.get(whole.clone()).and_then(|written| written.find(text));
    start.map(|start| (0, whole.start.saturating_add(start))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::source::File;

    fn embedded_text(file: &str, path: &str, inner: &str) -> String {
        let file = File::new("x", file.to_owned());
        let scalar = file.documents[0].find(path).unwrap();
        let document = &file.parse_embedded(scalar).unwrap()[0];
        file.text.get(document.find(inner).unwrap().span.clone()).unwrap().to_owned()
    }

    #[test]
    fn positions_in_literal_blocks() {
        let text =
            "data:\n  # comment\n  envoy.yaml: |\n\n    a: 1\n    b:\n      c: ünï\n  other: x\n";
        assert_eq!(embedded_text(text, "data.envoy.yaml", "b.c"), "ünï");
        let text = "a: |-\n  {\"b\":\n    [1, 22]}\n";
        assert_eq!(embedded_text(text, "a", "b[1]"), "22");
    }

    #[test]
    fn positions_in_quotes_and_blocks_in_blocks() {
        assert_eq!(embedded_text("a: '{\"b\": 12}'\n", "a", "b"), "12");
        // With escape sequences, the whole scalar.
        assert_eq!(embedded_text("a: \"{\\\"b\\\": 12}\"\n", "a", "b"), "\"{\\\"b\\\": 12}\"");
        let text = "a: |\n  b: |\n    {\"c\": 77}\n";
        let file = File::new("x", text.to_owned());
        let outer = file.parse_embedded(file.documents[0].get("a").unwrap()).unwrap();
        let inner = file.parse_embedded(outer[0].get("b").unwrap()).unwrap();
        assert_eq!(file.text.get(inner[0].get("c").unwrap().span.clone()), Some("77"));
    }

    #[test]
    fn errors_have_positions_in_the_file() {
        let file = File::new("x", "a: |\n  b: [1\n  c: 2\n".to_owned());
        let error = file.parse_embedded(file.documents[0].get("a").unwrap()).unwrap_err();
        assert!(file.text.get(..error.span.start).unwrap().contains("b: [1"), "{error:?}");
    }
}
