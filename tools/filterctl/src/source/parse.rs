//! YAML and JSON texts to trees.

use std::{collections::HashMap, fmt, ops::Range};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::{Content, Node, Style};

/// Nesting beyond this is an error. No configuration of a proxy is that deep.
const MAX_DEPTH: usize = 128;

/// More nodes are an error: aliases can make a small file explode.
const MAX_NODES: usize = 4_000_000;

/// Why a string is not YAML.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseError {
    /// The problem.
    pub message: String,
    /// The place in the text, in bytes.
    pub span: Range<usize>,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ParseError {}

/// Parses all documents of a string. JSON is YAML.
///
/// # Errors
/// If the text is not YAML, or is nested too deeply.
pub fn parse(text: &str) -> Result<Vec<Node>, ParseError> {
    let offsets = Offsets::new(text);
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_error(&error, &offsets))?;
        builder.handle(event, offsets.range(span))?;
    }
    Ok(builder.documents)
}

fn scan_error(error: &ScanError, offsets: &Offsets) -> ParseError {
    let at = offsets.byte(error.marker().index());
    ParseError { message: format!("is not YAML: {}", error.info()), span: at..at }
}

/// Byte offsets of character offsets.
struct Offsets {
    /// Empty if the text is ASCII.
    bytes: Vec<usize>,
    end: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| at).collect()
        };
        Self { bytes, end: text.len() }
    }

    fn byte(&self, index: usize) -> usize {
        if self.bytes.is_empty() {
            return index.min(self.end);
        }
        self.bytes.get(index).copied().unwrap_or(self.end)
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }
}

/// An open list or object.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<Node>,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl Builder {
    fn handle(&mut self, event: Event<'_>, span: Range<usize>) -> Result<(), ParseError> {
        match event {
            Event::DocumentStart(_) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let style = style_of(style, tag.as_deref());
                let content = Content::Scalar { text: text.into_owned(), style };
                self.close(Node { span, content }, anchor)?;
            }
            Event::SequenceStart(anchor, _) => {
                self.start(Node { span, content: Content::Sequence(Vec::new()) }, anchor)?;
            }
            Event::MappingStart(anchor, _) => {
                self.start(Node { span, content: Content::Mapping(Vec::new()) }, anchor)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { mut node, anchor, .. }) = self.open.pop() {
                    node.span.end = span.end.max(node.span.end);
                    self.close(node, anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(ParseError { message: "is an unknown alias".to_owned(), span });
                };
                self.nodes = self.nodes.saturating_add(count(&node));
                self.close(node, 0)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn start(&mut self, node: Node, anchor: usize) -> Result<(), ParseError> {
        if self.open.len() >= MAX_DEPTH {
            let message = format!("is nested more than {MAX_DEPTH} levels deep");
            return Err(ParseError { message, span: node.span });
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    /// Puts a complete node into its parent.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), ParseError> {
        self.nodes = self.nodes.saturating_add(1);
        if self.nodes > MAX_NODES {
            let message = format!("has more than {MAX_NODES} values, counting aliases");
            return Err(ParseError { message, span: node.span });
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping(members) => match open.key.take() {
                None => open.key = Some(node),
                Some(key) => members.push((key, node)),
            },
            Content::Scalar { .. } => {}
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    let mut nodes: usize = 0;
    node.walk(&mut |_| nodes = nodes.saturating_add(1));
    nodes
}

fn style_of(style: ScalarStyle, tag: Option<&Tag>) -> Style {
    match style {
        ScalarStyle::Plain if tag.is_some_and(|tag| tag.suffix == "str") => Style::Quoted,
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        parse(text).unwrap().remove(0)
    }

    #[test]
    fn nodes_know_their_bytes() {
        let text = "ä: [1, {b: \"c\"}]\nd:\n  e: f\n";
        let node = one(text);
        let (span, found) = node.span_of("ä[1].b");
        assert_eq!((text.get(span), found), (Some("\"c\""), true));
        assert_eq!(text.get(node.span_of("d.e").0), Some("f"));
        assert_eq!(text.get(node.span_of("d").0), Some("d"));
        let (span, found) = node.span_of("d.missing");
        assert_eq!((text.get(span), found), (Some("d"), false));
    }

    #[test]
    fn names_may_contain_dots() {
        let node = one("a.b: {c: 1}\na: {b.c: 2}\n");
        assert_eq!(node.find("a.b.c").and_then(Node::text), Some("1"));
    }

    #[test]
    fn aliases_are_expanded_and_bounded() {
        assert_eq!(one("a: &x {b: 1}\nc: *x\n").at(&["c", "b"]).and_then(Node::text), Some("1"));
        let mut bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n".to_owned();
        for n in 1..10 {
            let items = vec![format!("*a{}", n - 1); 10].join(", ");
            bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert!(parse(&bomb).unwrap_err().message.contains("counting aliases"));
        // The scanner itself limits lists in brackets.
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(200)).unwrap_err().message.contains("levels deep"));
    }

    #[test]
    fn json_is_yaml() {
        let text = "{\n\t\"a\": [\"\\u00e9\\/\", 1.5e3, null, true]\n}";
        let node = one(text);
        assert_eq!(node.find("a[0]").and_then(Node::text), Some("é/"));
        assert!(node.find("a[2]").unwrap().is_null());
    }
}
