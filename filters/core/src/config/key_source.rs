//! [`KeySource`]: a key or a secret, written in the configuration or read from the environment.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use super::BuildContext;

/// A key or a secret: text, or a reference to a variable in the proxy's environment.
///
/// ```
/// use novasphere_core::{BuildContext, ConfigErrors, KeySource, testing::TestHost};
///
/// let host = TestHost { variables: [("KEY".into(), "s3cret".into())].into(), ..TestHost::default() };
/// let mut cx = BuildContext::new(&host, ConfigErrors::default());
/// let source: KeySource = serde_json::from_str(r#"{"env": "KEY"}"#)?;
/// assert_eq!(source.read_secret("secret", &mut cx).as_deref(), Some("s3cret"));
///
/// // Any reader of the configuration also reads this secret.
/// let source: KeySource = serde_json::from_str(r#""s3cret""#)?;
/// assert_eq!(source.read_secret("secret", &mut cx).as_deref(), Some("s3cret"));
/// assert!(cx.warnings()[0].starts_with("secret: is readable in the configuration"));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub enum KeySource {
    /// The text itself.
    Text(String),
    /// `{"env": "NAME"}`: the value of this variable in the proxy's environment.
    Env(String),
}

impl KeySource {
    /// Reads the text. `path` is the field's path. Adds a fault and returns `None` if the variable
    /// is missing or its name is invalid.
    pub fn read(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        match self {
            Self::Text(text) => return Some(text.clone()),
            // The name is not quoted, because users put the secret itself here by mistake.
            Self::Env(name) if !is_variable_name(name) => {
                let message = "must be the name of an environment variable: letters, digits and _";
                cx.fault(format!("{path}.env"), message);
            }
            Self::Env(name) => match cx.variable(name) {
                Some(text) => return Some(text),
                None => {
                    let remedy = cx.variable_remedy(name);
                    let message = format!("environment variable {name} not found; {remedy}");
                    cx.fault(format!("{path}.env"), message);
                }
            },
        }
        None
    }

    /// Like [`read`](Self::read), and warns if the secret is in the configuration.
    pub fn read_secret(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        if let Self::Text(_) = self {
            let message = "is readable in the configuration; {\"env\": \"NAME\"} takes it from the \
                           proxy's environment";
            cx.warn(path, message);
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
                let other = || {
                    A::Error::custom(
                        r#"expected text or {"env": "NAME"}, got an object with other members"#,
                    )
                };
                let name = match map.next_key::<String>()?.as_deref() {
                    Some("env") => map.next_value()?,
                    _ => return Err(other()),
                };
                match map.next_key::<String>()? {
                    None => Ok(KeySource::Env(name)),
                    Some(_) => Err(other()),
                }
            }
        }
        deserializer.deserialize_any(KeySourceVisitor)
    }
}
