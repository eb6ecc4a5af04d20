//! The deserializer behind [`decode`](super::decode()): a node of the tree and the steps to it.

mod access;

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use self::access::{Items, Members, Variant};
use super::{
    mismatch::{Entries, Expected, Got, Mismatch, Problem},
    node::{Kind, Node, Rejection, Steps},
    sensitive::SENSITIVE,
};
use crate::Json;

/// Decodes a whole tree. Never inlined, so that a module contains the code of a type once.
#[inline(never)]
pub(super) fn deserialize<T: DeserializeOwned>(
    root: &Node,
    values_are_text: bool,
) -> Result<T, Mismatch> {
    T::deserialize(Cursor::root(root, values_are_text))
}

/// A node of the tree that is being decoded.
pub(super) struct Cursor<'de> {
    node: &'de Node,
    steps: Steps,
    /// Whether the node may contain secrets.
    sensitive: bool,
    /// Whether the host passes numbers, booleans and empty values as text.
    values_are_text: bool,
}

impl<'de> Cursor<'de> {
    fn root(node: &'de Node, values_are_text: bool) -> Self {
        Self { node, steps: Steps::new(), sensitive: false, values_are_text }
    }

    fn child(&self, node: &'de Node, step: usize) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { node, steps, ..*self }
    }

    /// The text of the node, if the host passes other values as text.
    fn value_as_text(&self) -> Option<&'de str> {
        match &self.node.kind {
            Kind::String(text) if self.values_are_text => Some(text),
            _ => None,
        }
    }

    /// The number or boolean that the host passed as text.
    fn scalar(&self) -> Option<Json> {
        Json::parse(self.value_as_text()?.as_bytes()).ok()
    }

    /// Passes the node to the visitor. A mismatch gets this node's steps.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let expected = if self.sensitive { Expected(&visitor).to_string() } else { String::new() };
        let result = match &self.node.kind {
            Kind::Removed | Kind::Probe | Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Kind::String(text) => visitor.visit_borrowed_str(text),
            Kind::Array(items) => visitor.visit_seq(Items::new(&self, items.iter().enumerate())),
            Kind::Object(members) => {
                visitor.visit_map(Members::new(&self, members.iter().enumerate()))
            }
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
    }

    /// Adds this node's steps to a mismatch. A mismatch from a deeper node has steps already.
    fn locate(&self, mut mismatch: Mismatch, expected: String) -> Mismatch {
        if mismatch.steps.is_empty() {
            if self.sensitive && mismatch.field.is_none() {
                let got = match self.node.kind {
                    Kind::String(_) => Some("a string"),
                    Kind::Number(_) => Some("a number"),
                    _ => None,
                };
                mismatch = match (got, &mismatch.problem) {
                    (Some(got), Problem::List(_)) => {
                        Mismatch::not_a_list(got, Entries::unknown(false))
                    }
                    (Some(got), _) => Mismatch::new(expected, got),
                    (None, _) => mismatch,
                };
            }
            mismatch.steps.clone_from(&self.steps);
        }
        mismatch
    }

    #[cold]
    fn not_an_object(&self, fields: &[&str]) -> Mismatch {
        let form = fields.first().map(|field| format!("{{\"{field}\": …}}"));
        let problem = form.map_or(Problem::Told, Problem::Object);
        let got = match &self.node.kind {
            // The string may be a whole object as text, with its secrets.
            Kind::String(_) => "a string".to_owned(),
            Kind::Number(_) if self.sensitive => "a number".to_owned(),
            _ => Got(self.node.unexpected()).to_string(),
        };
        let steps = self.steps.clone();
        Mismatch { steps, problem, ..Mismatch::new("an object", got) }
    }

    /// Decodes an integer. Accepts `5.0` for 5.
    fn visit_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let number = match (&self.node.kind, self.scalar()) {
            (Kind::Number(number), _) if number.is_f64() => number.clone(),
            (_, Some(Json::Number(number))) => number,
            _ => return self.visit(visitor),
        };
        let result = match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => visitor.visit_u64(value),
            (_, Some(value), _) => visitor.visit_i64(value),
            // Up to 2^53 every whole double is exact.
            #[allow(clippy::cast_possible_truncation)] // in range, checked
            (_, _, Some(f)) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => {
                if f < 0.0 { visitor.visit_i64(f as i64) } else { visitor.visit_u64(f as u64) }
            }
            _ => return self.visit(visitor),
        };
        result.map_err(|mismatch| self.locate(mismatch, "a whole number".to_owned()))
    }
}

/// Rejects unknown members, and members that are null.
fn reject_members(members: &[(String, Node)], fields: &'static [&'static str]) {
    for (name, value) in members {
        if matches!(value.kind, Kind::Null) {
            // A blank value must not silently lift a restriction.
            value.rejected.set(Some(Rejection::Null));
        } else if !fields.contains(&name.as_str()) && !matches!(value.kind, Kind::Removed) {
            value.rejected.set(Some(Rejection::Unknown(fields)));
        }
    }
}

impl<'de> Deserializer<'de> for Cursor<'de> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.visit(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.visit_integer(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.visit_integer(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.visit_integer(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.scalar() {
            Some(Json::Bool(value)) => visitor.visit_bool(value),
            _ => self.visit(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.node.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Accepts `{}` as an empty list: some hosts process configurations with Lua, which has one type
    /// for both. Accepts `""` if the host passes values as text.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let is_empty = match &self.node.kind {
            Kind::Probe => return Err(Mismatch::probed(Problem::ProbedList, &self.steps)),
            Kind::Object(members) => members.is_empty(),
            _ => self.value_as_text() == Some(""),
        };
        if !is_empty {
            return self.visit(visitor);
        }
        let items = Items::new(&self, std::iter::empty());
        visitor.visit_seq(items).map_err(|mismatch| self.locate(mismatch, String::new()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let sensitive = self.sensitive || name == SENSITIVE;
        visitor.visit_newtype_struct(Self { sensitive, ..self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let members = match (&self.node.kind, self.value_as_text()) {
            (Kind::Object(members), _) => members.as_slice(),
            (Kind::Probe, _) => {
                return Err(Mismatch::probed(Problem::ProbedObject(fields), &self.steps));
            }
            (_, Some("")) => &[],
            // Some structs accept `true` for all their defaults.
            _ => {
                let switch = match (&self.node.kind, self.scalar()) {
                    (Kind::Bool(value), _) => *value,
                    (_, Some(Json::Bool(value))) => value,
                    _ => return Err(self.not_an_object(fields)),
                };
                return visitor
                    .visit_bool(switch)
                    .map_err(|_: Mismatch| self.not_an_object(fields));
            }
        };
        reject_members(members, fields);
        // `visit` would compile its other forms for every struct.
        let members = Members::new(&self, members.iter().enumerate());
        visitor.visit_map(members).map_err(|mismatch| self.locate(mismatch, String::new()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let expected = format!("one of {}", variants.join(", "));
        let result = match &self.node.kind {
            Kind::String(text) => visitor.visit_enum(Variant(text)),
            _ => Err(Mismatch::new(&expected, Got(self.node.unexpected()))),
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map identifier ignored_any
    }
}
