//! [`Node`]: a part of a document and its place in the file.

use std::ops::Range;

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The bytes of the file that the node is written in. In a document inside a scalar with escape
    /// sequences, the whole scalar.
    pub span: Range<usize>,
    /// The content.
    pub content: Content,
}

/// The content of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A scalar, as text. What it means depends on the host: see [`Reader`](super::Reader).
    Scalar {
        /// The text, without quotes.
        text: String,
        /// Its style.
        style: Style,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// The members of an object, in order. Keys may repeat.
    Mapping(Vec<(Node, Node)>),
}

/// The style of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: a number, a boolean, null or a string.
    Plain,
    /// In quotes, or with the tag `!!str`: a string.
    Quoted,
    /// A block of lines after `|` or `>`: a string.
    Block,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether the node is null or an empty scalar without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, style: Style::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The items of a list. Empty for other nodes.
    pub fn items(&self) -> &[Node] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The members of an object. Empty for other nodes.
    pub fn members(&self) -> &[(Node, Node)] {
        match &self.content {
            Content::Mapping(members) => members,
            _ => &[],
        }
    }

    /// The value of the member `name`. Of several, the last, which hosts use.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|(_, value)| value)
    }

    /// The key and the value of the member `name`.
    pub fn member(&self, name: &str) -> Option<&(Node, Node)> {
        self.members().iter().rev().find(|(key, _)| key.text() == Some(name))
    }

    /// The text of the member `name`.
    pub fn get_text(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// The node at the end of a path of members: `["spec", "rules"]`.
    pub fn at(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The value of a protobuf field, which may also be written in lowerCamelCase.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.get(name).or_else(|| self.get(&camel_case(name)))
    }

    /// The node at the end of a path of protobuf fields.
    pub fn fields(&self, names: &[&str]) -> Option<&Node> {
        names.iter().try_fold(self, |node, name| node.field(name))
    }

    /// Calls `see` with this node and all nodes in it, outer nodes first.
    pub fn walk<'n>(&'n self, see: &mut impl FnMut(&'n Node)) {
        see(self);
        self.items().iter().for_each(|item| item.walk(see));
        self.members().iter().for_each(|(_, value)| value.walk(see));
    }

    /// The span for a message about the field at `path`, such as `rules[0].path`: that of the value
    /// if it is a scalar, else that of the key or the start of the value. If the field is missing,
    /// the span of the nearest outer field. The second value is whether the field itself was found.
    pub fn span_of(&self, path: &str) -> (Range<usize>, bool) {
        let (mut node, mut span, mut rest) = (self, self.head(), path);
        while !rest.is_empty() {
            let Some(step) = node.step(rest) else { return (span, false) };
            (node, rest) = (step.value, step.rest);
            span = match (&node.content, step.key) {
                (Content::Scalar { style: Style::Plain | Style::Quoted, .. }, _) => {
                    node.span.clone()
                }
                (_, Some(key)) => key.span.clone(),
                (_, None) => node.head(),
            };
        }
        (span, true)
    }

    /// The span of the key of the field at `path`, or else that of the nearest outer field.
    pub fn key_span_of(&self, path: &str) -> Range<usize> {
        let (mut node, mut span, mut rest) = (self, self.head(), path);
        while !rest.is_empty() {
            let Some(step) = node.step(rest) else { break };
            span = step.key.map_or_else(|| step.value.head(), |key| key.span.clone());
            (node, rest) = (step.value, step.rest);
        }
        span
    }

    /// The node at `path`.
    pub fn find(&self, path: &str) -> Option<&Node> {
        let (mut node, mut rest) = (self, path);
        while !rest.is_empty() {
            let step = node.step(rest)?;
            (node, rest) = (step.value, step.rest);
        }
        Some(node)
    }

    fn step<'n, 'p>(&'n self, path: &'p str) -> Option<Step<'n, 'p>> {
        if let Some(after) = path.strip_prefix('[') {
            let (index, rest) = after.split_once(']')?;
            let value = self.items().get(index.parse::<usize>().ok()?)?;
            return Some(Step { key: None, value, rest });
        }
        let path = path.strip_prefix('.').unwrap_or(path);
        // A name may contain dots, so the longest one wins.
        let named = |(key, value): &'n (Node, Node)| {
            let rest = path.strip_prefix(key.text().filter(|name| !name.is_empty())?)?;
            let ends = rest.is_empty() || rest.starts_with(['.', '[']);
            ends.then_some(Step { key: Some(key), value, rest })
        };
        self.members().iter().filter_map(named).min_by_key(|step| step.rest.len())
    }

    /// The span to underline for the node as a whole: a scalar, or the first key of an object.
    pub fn head(&self) -> Range<usize> {
        match &self.content {
            Content::Mapping(members) => {
                members.first().map_or(self.span.clone(), |(key, _)| key.span.clone())
            }
            Content::Sequence(items) => items.first().map_or(self.span.clone(), Node::head),
            Content::Scalar { .. } => self.span.clone(),
        }
    }
}

/// A step of a path.
struct Step<'n, 'p> {
    key: Option<&'n Node>,
    value: &'n Node,
    rest: &'p str,
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        camel.extend(chars);
    }
    camel
}
