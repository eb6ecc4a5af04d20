//! Access to the children of a [`Cursor`]: list items, object members and enum variants.

use std::{iter::Enumerate, slice};

use serde::de::{
    DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

use super::Cursor;
use crate::config::{
    mismatch::Mismatch,
    node::{Kind, Node},
};

/// The items of a list, with their indices.
pub(super) struct Items<'c, 'de> {
    list: &'c Cursor<'de>,
    items: Enumerate<slice::Iter<'de, Node>>,
}

impl<'c, 'de> Items<'c, 'de> {
    pub(super) fn new(list: &'c Cursor<'de>, items: &'de [Node]) -> Self {
        Self { list, items: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mismatch> {
        let present = self.items.find(|(_, node)| !matches!(node.kind, Kind::Removed));
        present.map(|(step, node)| seed.deserialize(self.list.child(node, step))).transpose()
    }
}

/// The members of an object, with their indices.
pub(super) struct Members<'c, 'de> {
    object: &'c Cursor<'de>,
    members: Enumerate<slice::Iter<'de, (String, Node)>>,
    value: Option<(usize, &'de Node)>,
}

impl<'c, 'de> Members<'c, 'de> {
    pub(super) fn new(object: &'c Cursor<'de>, members: &'de [(String, Node)]) -> Self {
        Self { object, members: members.iter().enumerate(), value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mismatch> {
        for (step, (name, value)) in self.members.by_ref() {
            // A null that is not rejected belongs to a part that is decoded as plain JSON.
            let skip = matches!(value.kind, Kind::Removed) || value.rejected.get().is_some();
            if !skip {
                self.value = Some((step, value));
                return seed.deserialize(name.as_str().into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    // Never inlined, so that a module contains the code of a type once, and not for each field.
    #[inline(never)]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mismatch> {
        let (step, node) = self.value.take().ok_or_else(|| Mismatch::custom("value before key"))?;
        seed.deserialize(self.object.child(node, step))
    }
}

/// A string as an enum variant without data.
pub(super) struct Variant<'de>(pub(super) &'de str);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Mismatch> {
        let variant = seed.deserialize(StrDeserializer::<Mismatch>::new(self.0))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Mismatch> {
        Err(Mismatch::new("an object", "a string"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Mismatch> {
        Err(Mismatch::new("a list", "a string"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Mismatch> {
        Err(Mismatch::new("an object", "a string"))
    }
}
