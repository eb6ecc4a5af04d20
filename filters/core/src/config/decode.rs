//! [`decode`]: from JSON text to a wire struct, with every fault of the form.

use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::{ConfigErrors, cursor::Cursor, mismatch::Mismatch, node::Node};
use crate::{Host, Json};

/// Reads `T` from JSON text (empty text is `{}`).
///
/// What is missing or refused takes `T`'s default, and its faults come along, so that the checks of
/// the meaning still run on the rest. A whole number may be written `5.0`, as protobuf hosts do, and
/// where [`Host::values_are_text`], a number `"5"`, a boolean `"true"`, an empty list or object `""`.
///
/// # Errors
/// The faults, when there is nothing left to check.
pub fn decode<T: DeserializeOwned>(
    config: &[u8],
    host: &dyn Host,
) -> Result<(T, ConfigErrors), ConfigErrors> {
    let values_are_text = host.values_are_text();
    let mut errors = ConfigErrors::default();
    let text = if config.trim_ascii().is_empty() { b"{}" } else { config };
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(error) => {
            errors.add_formal(String::new(), format!("is not JSON: {error}"), String::new());
            return Err(errors);
        }
    };
    let mut root = Node::from(json);
    // Each round either succeeds or takes at least one node away.
    loop {
        let result = T::deserialize(Cursor::root(&root, values_are_text));
        for (path, message) in root.take_refused_members() {
            let path = path.trim_start_matches('.').to_owned();
            errors.add_formal(path.clone(), message, path);
        }
        match result {
            Ok(value) => return Ok((value, errors)),
            Err(Mismatch { steps, field, message }) => {
                let path = root.describe(&steps, field);
                errors.add_formal(path, message, root.describe(&steps, None));
                if steps.is_empty() || !root.remove(&steps) {
                    return Err(errors);
                }
            }
        }
    }
}

/// A part of a configuration that may hold secrets: faults of its form do not quote values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sensitive<T>(pub T);

/// Without the content.
impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

/// The name by which the deserializer recognises [`Sensitive`].
pub(super) const SENSITIVE: &str = "novasphere::Sensitive";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Sensitive<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inner<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Inner<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<T, D::Error> {
                T::deserialize(d)
            }
        }
        deserializer
            .deserialize_newtype_struct(SENSITIVE, Inner(std::marker::PhantomData))
            .map(Self)
    }
}
