//! A configuration as a tree that remembers its rejected nodes.

use std::cell::Cell;

use serde::de::Unexpected;
use serde_json::Number;

use crate::Json;

/// A node of the tree.
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Why the object rejects this member. Set while the object is decoded.
    pub(super) rejected: Cell<Option<Rejection>>,
}

/// Why an object rejects a member.
#[derive(Clone, Copy)]
pub(super) enum Rejection {
    Null,
    /// The object has only these fields.
    Unknown(&'static [&'static str]),
}

/// A rejected member.
pub(super) struct Rejected {
    /// The path of its object, with a leading `.` unless it is empty or an index.
    pub(super) object: String,
    pub(super) name: String,
    pub(super) reason: Rejection,
}

pub(super) enum Kind {
    /// Rejected in an earlier round. Decoded as absent.
    Removed,
    /// Stands for a value of any form, while the fields of a configuration are listed.
    Probe,
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// The steps from the root to a node: at each level, the index among the members or items.
pub(super) type Steps = Vec<usize>;

impl From<Json> for Node {
    fn from(json: Json) -> Self {
        let kind = match json {
            Json::Null => Kind::Null,
            Json::Bool(value) => Kind::Bool(value),
            Json::Number(value) => Kind::Number(value),
            Json::String(value) => Kind::String(value),
            Json::Array(items) => Kind::Array(items.into_iter().map(Node::from).collect()),
            Json::Object(members) => {
                Kind::Object(members.into_iter().map(|(n, v)| (n, Node::from(v))).collect())
            }
        };
        Self::new(kind)
    }
}

impl Node {
    fn new(kind: Kind) -> Self {
        Self { kind, rejected: Cell::new(None) }
    }

    pub(super) fn probe() -> Self {
        Self::new(Kind::Probe)
    }

    pub(super) fn list_of_probe() -> Self {
        Self::new(Kind::Array(vec![Self::probe()]))
    }

    pub(super) fn object_of_probes(fields: &[&str]) -> Self {
        let members = fields.iter().map(|field| ((*field).to_owned(), Self::probe())).collect();
        Self::new(Kind::Object(members))
    }

    pub(super) fn is_absent(&self) -> bool {
        matches!(self.kind, Kind::Removed | Kind::Null)
    }

    fn children(&mut self) -> Box<dyn Iterator<Item = (String, &mut Node)> + '_> {
        match &mut self.kind {
            Kind::Object(members) => {
                Box::new(members.iter_mut().map(|(n, v)| (format!(".{n}"), v)))
            }
            Kind::Array(items) => {
                Box::new(items.iter_mut().enumerate().map(|(i, v)| (format!("[{i}]"), v)))
            }
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The path of the node at `steps`, or of the missing `field` of that node.
    pub(super) fn describe(&mut self, steps: &[usize], field: Option<&str>) -> String {
        let mut path = String::new();
        let mut node = self;
        for step in steps {
            let Some((name, child)) = node.children().nth(*step) else { break };
            path.push_str(&name);
            node = child;
        }
        if let Some(field) = field {
            path.push('.');
            path.push_str(field);
        }
        path.trim_start_matches('.').to_owned()
    }

    /// Removes the node at `steps`. Returns false if it was already removed.
    pub(super) fn remove(&mut self, steps: &[usize]) -> bool {
        self.replace(steps, Self::new(Kind::Removed))
    }

    /// Replaces the node at `steps`. Returns false if it was removed before.
    pub(super) fn replace(&mut self, steps: &[usize], node: Self) -> bool {
        let Some((first, rest)) = steps.split_first() else {
            let was_present = !matches!(self.kind, Kind::Removed);
            *self = node;
            return was_present;
        };
        self.children().nth(*first).is_some_and(|(_, child)| child.replace(rest, node))
    }

    /// Removes all rejected members, and returns them.
    pub(super) fn take_rejected_members(&mut self) -> Vec<Rejected> {
        let mut found = Vec::new();
        for (step, child) in self.children() {
            if let Some(reason) = child.rejected.take() {
                child.kind = Kind::Removed;
                let name = step.trim_start_matches('.').to_owned();
                found.push(Rejected { object: String::new(), name, reason });
            } else {
                found.extend(
                    child.take_rejected_members().into_iter().map(|inner| Rejected {
                        object: format!("{step}{}", inner.object),
                        ..inner
                    }),
                );
            }
        }
        found
    }

    pub(super) fn unexpected(&self) -> Unexpected<'_> {
        match &self.kind {
            Kind::Removed | Kind::Probe | Kind::Null => Unexpected::Unit,
            Kind::Bool(value) => Unexpected::Bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => Unexpected::Unsigned(value),
                (_, Some(value), _) => Unexpected::Signed(value),
                (_, _, value) => Unexpected::Float(value.unwrap_or(f64::NAN)),
            },
            Kind::String(text) => Unexpected::Str(text),
            Kind::Array(_) => Unexpected::Seq,
            Kind::Object(_) => Unexpected::Map,
        }
    }
}
