//! Where a key is: in the configuration, or in the environment.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

/// Where a secret or a public key is.
pub(crate) enum KeyText {
    /// Here, for all who can read the configuration.
    Text(String),
    /// `{"env": "NAME"}`: in that variable of the proxy's environment.
    Env(String),
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyTextVisitor;
        impl<'de> Visitor<'de> for KeyTextVisitor {
            type Value = KeyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"text or {"env": "NAME"}"#)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeyText, E> {
                Ok(KeyText::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeyText, A::Error> {
                let misfit = || A::Error::custom(r#"must be text or {"env": "NAME"}"#);
                let name = match map.next_key::<String>()?.as_deref() {
                    Some("env") => map.next_value()?,
                    _ => return Err(misfit()),
                };
                match map.next_key::<String>()? {
                    None => Ok(KeyText::Env(name)),
                    Some(_) => Err(misfit()),
                }
            }
        }
        deserializer.deserialize_any(KeyTextVisitor)
    }
}
