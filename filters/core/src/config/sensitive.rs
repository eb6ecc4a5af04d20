//! [`Sensitive`]: parts of a configuration that may contain secrets.

use std::{fmt, marker::PhantomData};

use serde::de::{Deserialize, Deserializer, Visitor};

/// A part of a configuration that may contain secrets. Decoding errors inside it do not quote
/// values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sensitive<T>(pub T);

/// Omits the content.
impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

/// The name by which the deserializer recognises [`Sensitive`].
pub(super) const SENSITIVE: &str = "novasphere::Sensitive";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Inner<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<T, D::Error> {
                T::deserialize(d)
            }
        }
        deserializer.deserialize_newtype_struct(SENSITIVE, Inner(PhantomData)).map(Self)
    }
}
