//! The deserializer behind [`decode`](super::decode()): a place in the tree that knows where it is.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::{
    decode::SENSITIVE,
    mismatch::{Mismatch, Quoted, Wanted, suggestion},
    node::{Kind, Node, Steps},
};
use crate::Json;

/// A place in the tree, being read.
pub(super) struct Cursor<'de> {
    node: &'de Node,
    steps: Steps,
    /// Whether values here may be secrets.
    sensitive: bool,
    /// Whether the host writes values as text.
    values_are_text: bool,
}

impl<'de> Cursor<'de> {
    pub(super) fn root(node: &'de Node, values_are_text: bool) -> Self {
        Self { node, steps: Steps::new(), sensitive: false, values_are_text }
    }

    fn child(&self, node: &'de Node, step: usize) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { node, steps, ..*self }
    }

    /// The text here, where the host writes other values so.
    fn value_as_text(&self) -> Option<&'de str> {
        match &self.node.kind {
            Kind::String(text) if self.values_are_text => Some(text),
            _ => None,
        }
    }

    /// What a number or a boolean is, if the host wrote it as text.
    fn scalar(&self) -> Option<Json> {
        Json::parse(self.value_as_text()?.as_bytes()).ok()
    }

    /// Whatever the visitor refuses, it refuses here.
    fn visit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let expected = if self.sensitive { Wanted(&visitor).to_string() } else { String::new() };
        let result = match &self.node.kind {
            Kind::Removed | Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Kind::String(text) => visitor.visit_borrowed_str(text),
            Kind::Array(items) => {
                visitor.visit_seq(Items { at: &self, items: items.iter().enumerate() })
            }
            Kind::Object(members) => visitor.visit_map(Members {
                at: &self,
                members: members.iter().enumerate(),
                value: None,
            }),
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
    }

    /// Gives a mismatch raised here its place; one from deeper down has it already.
    fn locate(&self, mut mismatch: Mismatch, expected: String) -> Mismatch {
        if mismatch.steps.is_empty() {
            mismatch.steps.clone_from(&self.steps);
            if self.sensitive && mismatch.field.is_none() {
                mismatch.message = match self.node.kind {
                    Kind::String(_) => format!("must be {expected}, not this string"),
                    Kind::Number(_) => format!("must be {expected}, not a number"),
                    _ => mismatch.message,
                };
            }
        }
        mismatch
    }

    #[cold]
    fn is_no_object(&self) -> Mismatch {
        let message = match &self.node.kind {
            // It may be a whole object as text, secrets and all.
            Kind::String(_) => "must be an object, not a string".to_owned(),
            _ => format!("must be an object, not {}", Quoted(self.node.unexpected())),
        };
        self.locate(Mismatch::custom(message), "an object".to_owned())
    }

    /// Reads a number, taking `5.0` for 5.
    fn visit_integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let number = match (&self.node.kind, self.scalar()) {
            (Kind::Number(number), _) if number.is_f64() => number.clone(),
            (_, Some(Json::Number(number))) => number,
            _ => return self.visit(visitor),
        };
        let result = match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => visitor.visit_u64(value),
            (_, Some(value), _) => visitor.visit_i64(value),
            // 2^53: up to here every whole double is exact.
            #[allow(clippy::cast_possible_truncation)] // in range, checked
            (_, _, Some(f)) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => {
                if f < 0.0 { visitor.visit_i64(f as i64) } else { visitor.visit_u64(f as u64) }
            }
            _ => return self.visit(visitor),
        };
        result.map_err(|mismatch| self.locate(mismatch, "a whole number".to_owned()))
    }
}

/// Marks what no field has, and what is blank.
fn refuse_members(members: &[(String, Node)], fields: &[&str]) {
    for (name, value) in members {
        if matches!(value.kind, Kind::Null) {
            // A value left blank must not quietly lift a restriction.
            value.refused.set(Some("is null: give it a value, or leave it out".to_owned()));
        } else if !fields.contains(&name.as_str()) && !matches!(value.kind, Kind::Removed) {
            let hint = match suggestion(name, fields) {
                hint if hint.is_empty() => format!("; known here: {}", fields.join(", ")),
                hint => hint,
            };
            value.refused.set(Some(format!("is not a known field{hint}")));
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

    /// `{}` is an empty list too: in Lua, which some hosts read and write configurations with, there
    /// is no difference. So is `""` where the host writes values as text.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let is_empty = match &self.node.kind {
            Kind::Object(members) => members.is_empty(),
            _ => self.value_as_text() == Some(""),
        };
        if !is_empty {
            return self.visit(visitor);
        }
        let none = Items { at: &self, items: std::iter::empty() };
        visitor.visit_seq(none).map_err(|mismatch| self.locate(mismatch, String::new()))
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
            (_, Some("")) => &[],
            // Some structs can be had whole, with true.
            _ => {
                let whole = match (&self.node.kind, self.scalar()) {
                    (Kind::Bool(value), _) => *value,
                    (_, Some(Json::Bool(value))) => value,
                    _ => return Err(self.is_no_object()),
                };
                return visitor.visit_bool(whole).map_err(|_: Mismatch| self.is_no_object());
            }
        };
        refuse_members(members, fields);
        // Not by way of `visit`, whose other forms would come along with every struct.
        let at = Members { at: &self, members: members.iter().enumerate(), value: None };
        visitor.visit_map(at).map_err(|mismatch| self.locate(mismatch, String::new()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let expected = format!("one of {}", variants.join(", "));
        let result = match &self.node.kind {
            Kind::String(text) => visitor.visit_enum(Choice(text)),
            _ => Err(Mismatch::custom(format!(
                "must be {expected}, not {}",
                Quoted(self.node.unexpected())
            ))),
        };
        result.map_err(|mismatch| self.locate(mismatch, expected))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'c, 'de, I> {
    at: &'c Cursor<'de>,
    items: I,
}

impl<'de, I: Iterator<Item = (usize, &'de Node)>> SeqAccess<'de> for Items<'_, 'de, I> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        let present = self.items.find(|(_, node)| !matches!(node.kind, Kind::Removed));
        present.map(|(step, node)| seed.deserialize(self.at.child(node, step))).transpose()
    }
}

struct Members<'c, 'de, I> {
    at: &'c Cursor<'de>,
    members: I,
    value: Option<(usize, &'de Node)>,
}

impl<'de, I: Iterator<Item = (usize, &'de (String, Node))>> MapAccess<'de> for Members<'_, 'de, I> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        for (step, (name, value)) in self.members.by_ref() {
            let refused = value.refused.take();
            // A null that has not been refused is in a part that is read as it is: another
            // filter's configuration, which refuses it.
            let skip = matches!(value.kind, Kind::Removed) || refused.is_some();
            value.refused.set(refused);
            if !skip {
                self.value = Some((step, value));
                return seed.deserialize(name.as_str().into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let (step, node) = self.value.take().ok_or_else(|| Mismatch::custom("value before key"))?;
        seed.deserialize(self.at.child(node, step))
    }
}

/// A string that names one of an enum's variants.
struct Choice<'de>(&'de str);

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Mismatch> {
        let variant = seed.deserialize(de::value::StrDeserializer::<Mismatch>::new(self.0))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Mismatch> {
        Err(Mismatch::custom("must be an object"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Mismatch> {
        Err(Mismatch::custom("must be a list"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Mismatch> {
        Err(Mismatch::custom("must be an object"))
    }
}
