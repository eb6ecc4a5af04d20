//! The deserializer behind [`decode`](super::decode()): a node of the tree and the steps to it.

mod access;
mod forms;

use serde::de::{self, DeserializeOwned, Deserializer, Error as _, Visitor};

use self::{
    access::{Items, Members, Variant},
    forms::{Integer, Object},
};
use super::{
    mismatch::{Entries, Expected, Got, Mismatch, Problem},
    node::{Kind, Node, Steps},
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

    /// What the visitor expects, for faults that must not quote the value.
    fn expected(&self, expected: &dyn de::Expected) -> String {
        if self.sensitive { Expected(expected).to_string() } else { String::new() }
    }

    /// Passes the node to the visitor. A mismatch gets this node's steps.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let expected = self.expected(&visitor);
        let result = match &self.node.kind {
            Kind::Removed | Kind::Probe | Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Kind::String(text) => visitor.visit_borrowed_str(text),
            Kind::Array(items) => visitor.visit_seq(self.items(items)),
            Kind::Object(members) => visitor.visit_map(self.members(members)),
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
    }

    fn items<'c>(&'c self, items: &'de [Node]) -> Items<'c, 'de> {
        Items::new(self, items)
    }

    fn members<'c>(&'c self, members: &'de [(String, Node)]) -> Members<'c, 'de> {
        Members::new(self, members)
    }

    /// The mismatch of a node that has none of the forms that a visitor accepts.
    #[cold]
    fn mismatch(&self, expected: &dyn de::Expected) -> Mismatch {
        let mismatch = Mismatch::invalid_type(self.node.unexpected(), expected);
        self.locate(mismatch, self.expected(expected))
    }

    /// Adds this node's steps to a mismatch. A mismatch from a deeper node has steps already.
    #[cold]
    #[inline(never)]
    fn locate(&self, mut mismatch: Mismatch, expected: String) -> Mismatch {
        if !mismatch.0.steps.is_empty() {
            return mismatch;
        }
        if self.sensitive && mismatch.0.field.is_none() {
            let got = match self.node.kind {
                Kind::String(_) => Some("a string"),
                Kind::Number(_) => Some("a number"),
                _ => None,
            };
            mismatch = match (got, &mismatch.0.problem) {
                (Some(got), Problem::List(_)) => Mismatch::not_a_list(got, Entries::unknown(false)),
                (Some(got), _) => Mismatch::new(expected, got),
                (None, _) => mismatch,
            };
        }
        mismatch.at(&self.steps)
    }

    fn visit_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let expected = self.expected(&visitor);
        let result = match self.integer() {
            Some(Integer::Unsigned(value)) => visitor.visit_u64(value),
            Some(Integer::Signed(value)) => visitor.visit_i64(value),
            None => return Err(self.mismatch(&visitor)),
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
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
        match (&self.node.kind, self.scalar()) {
            (Kind::Bool(value), _) => visitor.visit_bool(*value),
            (_, Some(Json::Bool(value))) => visitor.visit_bool(value),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let Kind::String(text) = &self.node.kind else { return Err(self.mismatch(&visitor)) };
        let expected = self.expected(&visitor);
        visitor.visit_borrowed_str(text).map_err(|mismatch| self.locate(mismatch, expected))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.node.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let items = self.list(&visitor)?;
        let result = visitor.visit_seq(self.items(items));
        result.map_err(|mismatch| self.locate(mismatch, String::new()))
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
        let result = match self.object(&visitor, fields)? {
            Object::Members(members) => visitor.visit_map(self.members(members)),
            Object::Switch(switch) => {
                let fault = self.not_an_object(&visitor, fields);
                return visitor.visit_bool(switch).map_err(|_: Mismatch| fault);
            }
        };
        result.map_err(|mismatch| self.locate(mismatch, String::new()))
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
        i8 i16 i32 i64 i128 u8 u128 f32 f64 char str bytes byte_buf unit unit_struct
        tuple tuple_struct map identifier ignored_any
    }
}
