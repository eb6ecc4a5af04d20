//! [`Fields`]: the members of an object, with a record of reads.

use std::cell::RefCell;

use serde_json::Value;

use crate::{
    convert::yaml::{Map, Yaml},
    source::{Content, Node, Reader},
};

/// The members of an object, with a record of reads. Null counts as absent.
#[derive(Debug)]
pub struct Fields<'n> {
    node: Option<&'n Node>,
    defaults: Option<&'n Node>,
    reader: Reader,
    read: RefCell<Vec<String>>,
}

impl<'n> Fields<'n> {
    /// The members of a node, as a host reads them.
    pub const fn new(node: Option<&'n Node>, reader: Reader) -> Self {
        Self { node, defaults: None, reader, read: RefCell::new(Vec::new()) }
    }

    /// Reads members that are absent from another object.
    #[must_use]
    pub fn with_defaults(mut self, defaults: Option<&'n Node>) -> Self {
        self.defaults = defaults;
        self
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.read.borrow_mut().push(name.to_owned());
        let of = |node: Option<&'n Node>| {
            let mut members = node?.members().iter().rev();
            let member = members.find(|(key, _)| key.text().is_some_and(|key| self.is(key, name)));
            member.map(|(_, value)| value).filter(|value| !value.is_null())
        };
        of(self.node).or_else(|| of(self.defaults))
    }

    /// Whether a key is a name. Files of Traefik may write names in any case.
    fn is(&self, key: &str, name: &str) -> bool {
        key == name || (self.reader == Reader::Yaml && key.eq_ignore_ascii_case(name))
    }

    /// A text, or a number or boolean as it is written.
    pub fn text(&self, name: &str) -> Option<&'n str> {
        self.get(name)?.text()
    }

    /// A boolean.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.reader.value(self.get(name)?).as_bool()
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Option<i64> {
        whole(&self.reader.value(self.get(name)?))
    }

    /// The texts of a list. One text counts as a list of it.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.get(name).map(texts).unwrap_or_default()
    }

    /// The items of a list.
    pub fn items(&self, name: &str) -> &'n [Node] {
        self.get(name).map(Node::items).unwrap_or_default()
    }

    /// The members of an object.
    pub fn object(&self, name: &str) -> Fields<'n> {
        Fields::new(self.get(name), self.reader)
    }

    /// Marks members as read.
    pub fn ignore(&self, names: &[&str]) {
        self.read.borrow_mut().extend(names.iter().map(|name| (*name).to_owned()));
    }

    /// The members that were not read and are not empty: keys and values.
    pub fn rest(&self) -> Vec<(&'n Node, &'n Node)> {
        let read = self.read.borrow();
        let members = self.node.map(Node::members).unwrap_or_default().iter();
        members
            .filter(|(key, value)| {
                let name = key.text().unwrap_or_default();
                !read.iter().any(|known| self.is(name, known)) && !is_empty(value)
            })
            .map(|(key, value)| (key, value))
            .collect()
    }
}

/// Whether a value is null, or an empty list or object, possibly of empty lists.
fn is_empty(node: &Node) -> bool {
    match &node.content {
        Content::Scalar { .. } => node.is_null(),
        Content::Sequence(items) => items.iter().all(is_empty),
        Content::Mapping(members) => members.iter().all(|(_, value)| is_empty(value)),
    }
}

/// A value as a host reads it, with the members of objects in order.
pub fn yaml(node: &Node, reader: Reader) -> Option<Yaml> {
    Some(match &node.content {
        Content::Scalar { .. } => Yaml::from_json(&reader.value(node))?,
        Content::Sequence(items) => {
            Yaml::List(items.iter().filter_map(|item| yaml(item, reader)).collect())
        }
        Content::Mapping(members) => {
            let mut map = Map::new();
            for (key, value) in members {
                map.set_some(key.text().unwrap_or_default(), yaml(value, reader));
            }
            Yaml::Map(map)
        }
    })
}

/// The texts of a list. One text counts as a list of it.
pub fn texts(node: &Node) -> Vec<String> {
    match &node.content {
        Content::Scalar { text, .. } => vec![text.clone()],
        _ => node.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
    }
}

/// A whole number, also as `5.0` or as text.
fn whole(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let text = value.as_str().map(str::to_owned).or_else(|| Some(value.as_f64()?.to_string()))?;
    text.trim().trim_end_matches(".0").parse().ok()
}
