//! [`KeySource`]: a key or a secret, written in the configuration or read from the environment.

mod placeholder;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use self::placeholder::Placeholder;
use super::BuildContext;

/// A key or a secret: text, or a reference to a variable in the proxy's environment.
///
/// A text that another program should have replaced, such as `${NAME}` or `changeme`, is a fault.
///
/// ```
/// use novasphere_core::{BuildContext, ConfigErrors, KeySource, testing::TestHost};
///
/// let host = TestHost { variables: [("KEY".into(), "s3cret".into())].into(), ..TestHost::default() };
/// let mut cx = BuildContext::new(&host, ConfigErrors::default());
/// let source: KeySource = serde_json::from_str(r#"{"env": "KEY"}"#)?;
/// assert_eq!(source.read_secret("secret", &mut cx).as_deref(), Some("s3cret"));
/// assert_eq!(cx.variables(), ["KEY"]);
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
    Env {
        /// The variable's name.
        name: String,
        /// Whether to remove one newline at the end of a secret. Default: true.
        trim: bool,
    },
}

impl KeySource {
    /// Reads a key that white space at its ends does not change. `path` is the field's path. Adds a
    /// fault and returns `None` if the variable is missing or its name is invalid, or if the text is
    /// a placeholder.
    #[cold]
    pub fn read(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.clone(),
            Self::Env { name, .. } => variable(name, path, cx)?,
        };
        let Some(placeholder) = Placeholder::of(&text) else { return Some(text) };
        let holder = match self {
            Self::Text(_) => "is".to_owned(),
            Self::Env { name, .. } => format!("the variable {name} is"),
        };
        let problem = match placeholder {
            Placeholder::Reference(form) => format!("a reference {form} that nothing has resolved"),
            Placeholder::Default => "the placeholder changeme".to_owned(),
        };
        let remedy = match self {
            Self::Text(_) => "use {\"env\": \"NAME\"} to read the proxy's environment",
            Self::Env { .. } => "{\"env\": \"NAME\"} needs a variable with the key itself",
        };
        cx.fault(path, format!("{holder} {problem}; {remedy}"));
        None
    }

    /// Like [`read`](Self::read), for a secret in which white space counts. Warns if the secret is
    /// in the configuration or has white space at its ends. Removes one newline at the end of a
    /// variable, because files and `echo` add one.
    #[cold]
    pub fn read_secret(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        let mut text = self.read_encoded_secret(path, cx)?;
        if let Self::Env { name, trim: true } = self
            && text.ends_with('\n')
        {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
            let message = format!(
                "the newline at the end of {name} is removed; {{\"env\": {name:?}, \"trim\": false}} \
                 keeps it"
            );
            cx.inform(path, &message);
        }
        if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
            cx.warn(path, "has white space at its ends, which is part of the secret");
        }
        Some(text)
    }

    /// Like [`read_secret`](Self::read_secret), for a secret in an encoding that ignores white
    /// space.
    #[cold]
    pub fn read_encoded_secret(&self, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
        if let Self::Text(_) = self {
            let message = "is readable in the configuration; {\"env\": \"NAME\"} takes it from the \
                           proxy's environment";
            cx.warn(path, message);
        }
        self.read(path, cx)
    }
}

/// The value of a variable. `None` after a fault.
#[cold]
fn variable(name: &str, path: &str, cx: &mut BuildContext<'_>) -> Option<String> {
    let path = format!("{path}.env");
    // The name is not quoted, because users put the secret itself here by mistake.
    if !is_variable_name(name) {
        cx.fault(path, "must be the name of an environment variable: letters, digits and _");
        return None;
    }
    let text = cx.variable(name);
    if text.is_none() {
        let remedy = cx.variable_remedy(name);
        cx.fault(path, format!("environment variable {name} not found; {remedy}"));
    }
    text
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
                f.write_str(r#"a string or {"env": "NAME"}"#)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<KeySource, E> {
                Ok(KeySource::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeySource, A::Error> {
                let other = || {
                    A::Error::custom(
                        r#"expected a string or {"env": "NAME"}, got an object with other members"#,
                    )
                };
                let (mut name, mut trim) = (None, true);
                while let Some(member) = map.next_key::<String>()? {
                    match member.as_str() {
                        "env" => name = Some(map.next_value()?),
                        "trim" => trim = map.next_value()?,
                        _ => return Err(other()),
                    }
                }
                Ok(KeySource::Env { name: name.ok_or_else(other)?, trim })
            }
        }
        deserializer.deserialize_any(KeySourceVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConfigErrors, testing::TestHost};

    /// The secret of a configuration, and the warnings or faults.
    fn read(config: &str, variable: &str) -> (Option<String>, String) {
        let variables = [("KEY".to_owned(), variable.to_owned())].into();
        let host = TestHost { variables, ..TestHost::default() };
        let mut cx = BuildContext::new(&host, ConfigErrors::default());
        let source: KeySource = serde_json::from_str(config).unwrap();
        let text = source.read_secret("secret", &mut cx);
        let faults = cx.finish(()).err().map(|errors| errors.to_string());
        let lines = [host.facts.take(), host.warnings.take()].concat();
        (text, faults.unwrap_or_else(|| lines.join("\n")))
    }

    #[test]
    fn removes_one_newline_of_a_variable() {
        let removed = "secret: the newline at the end of KEY is removed; {\"env\": \"KEY\", \
                       \"trim\": false} keeps it";
        let space = "secret: has white space at its ends, which is part of the secret";
        for (variable, text, warnings) in [
            ("s3cret", "s3cret", String::new()),
            ("s3cret\n", "s3cret", removed.to_owned()),
            ("s3cret\r\n", "s3cret", removed.to_owned()),
            ("s3cret\n\n", "s3cret\n", format!("{removed}\n{space}")),
            ("s3cret\r", "s3cret\r", space.to_owned()),
            (" s3cret", " s3cret", space.to_owned()),
        ] {
            let expected = (Some(text.to_owned()), warnings);
            assert_eq!(read(r#"{"env": "KEY"}"#, variable), expected, "{variable:?}");
        }
        let kept = read(r#"{"trim": false, "env": "KEY"}"#, "s3cret\n");
        assert_eq!(kept, (Some("s3cret\n".to_owned()), space.to_owned()));
        let (literal, warnings) = read(r#""s3cret\n""#, "");
        assert_eq!(literal.as_deref(), Some("s3cret\n"));
        assert!(warnings.ends_with(space), "{warnings}");
    }

    #[test]
    fn rejects_placeholders_without_showing_them() {
        for (config, variable, expected) in [
            (
                r#""${s3cret}""#,
                "",
                "secret: is a reference ${...} that nothing has resolved; use {\"env\": \"NAME\"} to \
                 read the proxy's environment",
            ),
            (
                r#"{"env": "KEY"}"#,
                "changeme\n",
                "secret: the variable KEY is the placeholder changeme; {\"env\": \"NAME\"} needs a \
                 variable with the key itself",
            ),
        ] {
            assert_eq!(read(config, variable), (None, expected.to_owned()));
        }
    }
}
