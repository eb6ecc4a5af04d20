//! [`Object`]: decodes objects of a configuration with little code for each.

use std::{fmt, marker::PhantomData};

pub use serde::de::{Deserialize, Deserializer, MapAccess};
use serde::de::{DeserializeSeed, Error, Visitor};

/// An object of a configuration. Missing members keep the value they have in the default.
///
/// The derive [`ConfigObject`](crate::ConfigObject) implements it together with `Deserialize`.
///
/// ```
/// use novasphere_core::{ConfigObject, decode, testing::TestHost};
///
/// #[derive(Debug, PartialEq, ConfigObject)]
/// #[serde(default, deny_unknown_fields)]
/// struct Config {
///     names: Vec<String>,
///     #[serde(rename = "as")]
///     header: Option<String>,
///     leeway: u32,
///     refresh: u32,
/// }
///
/// impl Default for Config {
///     fn default() -> Self {
///         Self { names: Vec::new(), header: None, leeway: 5, refresh: 300 }
///     }
/// }
///
/// let host = TestHost::default();
/// let config = br#"{"refresh": 60, "as": "x-id", "names": ["a"]}"#;
/// let (config, errors) = decode::<Config>(config, &[], &host)?;
/// let expected =
///     Config { names: vec!["a".into()], header: Some("x-id".into()), leeway: 5, refresh: 60 };
/// assert_eq!(config, expected);
/// assert!(errors.into_result(()).is_ok());
///
/// let (_, errors) = decode::<Config>(br#"{"header": "x-id", "leeway": "x"}"#, &[], &host)?;
/// assert_eq!(
///     errors.to_string(),
///     "header: unknown field; known fields: names, as, leeway, refresh\n\
///      leeway: expected a whole number from 0 to 4,294,967,295, got \"x\""
/// );
/// # Ok::<(), novasphere_core::ConfigErrors>(())
/// ```
pub trait Object: Default {
    /// The names of the members.
    const FIELDS: &'static [&'static str];

    /// Decodes the value of the current member into the field with this number.
    ///
    /// # Errors
    /// If the value does not fit the field.
    fn set<'de, A: MapAccess<'de>>(&mut self, field: usize, object: &mut A)
    -> Result<(), A::Error>;
}

/// Decodes an object.
///
/// # Errors
/// If it is not an object, has an unknown member, or a value does not fit its field.
pub fn deserialize<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_struct("", T::FIELDS, ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<T, A::Error> {
        let mut value = T::default();
        while let Some(field) = object.next_key_seed(FieldNumber(T::FIELDS))? {
            value.set(field, &mut object)?;
        }
        Ok(value)
    }
}

/// The number of a field with this name.
struct FieldNumber(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for FieldNumber {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldNumber {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<usize, E> {
        let number = self.0.iter().position(|field| *field == name);
        number.ok_or_else(|| E::unknown_field(name, self.0))
    }
}
