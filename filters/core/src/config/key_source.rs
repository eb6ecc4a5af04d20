//! Where a key, or another secret, is: in the configuration, or in the environment.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use super::BuildContext;

/// Where a secret or a public key is.
pub enum KeySource {
    /// Here, for all who can read the configuration.
    Text(String),
    /// `{"env": "NAME"}`: in that variable of the proxy's environment.
    Env(String),
}

impl KeySource {
    /// The text itself, of the field at `path`.
    pub fn read(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        match self {
            Self::Text(text) => return Some(text.clone()),
            // Not quoted: where a name is expected, somebody writes the secret itself.
            Self::Env(name) if !is_variable_name(name) => {
                let message = "must be the name of a variable: letters, digits and _";
                cx.fault(format!("{path}.env"), message);
            }
            Self::Env(name) => match cx.variable(name) {
                Some(text) => return Some(text),
                None => {
                    let remedy = cx.variable_remedy(name);
                    let message = format!("there is no variable {name}; {remedy}");
                    cx.fault(format!("{path}.env"), message);
                }
            },
        }
        None
    }

    /// The same of a secret: warns of one that can be read here.
    pub fn read_secret(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        if let Self::Text(_) = self {
            cx.warn(&format!(
                "{path}: is readable in the configuration; {{\"env\": \"NAME\"}} takes it \
                 from the proxy's environment"
            ));
        }
        self.read(path, cx)
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

impl<'de> Deserialize<'de> for KeySource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeySourceVisitor;
        impl<'de> Visitor<'de> for KeySourceVisitor {
            type Value = KeySource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"text or {"env": "NAME"}"#)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeySource, E> {
                Ok(KeySource::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeySource, A::Error> {
                let misfit = || A::Error::custom(r#"must be text or {"env": "NAME"}"#);
                let name = match map.next_key::<String>()?.as_deref() {
                    Some("env") => map.next_value()?,
                    _ => return Err(misfit()),
                };
                match map.next_key::<String>()? {
                    None => Ok(KeySource::Env(name)),
                    Some(_) => Err(misfit()),
                }
            }
        }
        deserializer.deserialize_any(KeySourceVisitor)
    }
}
