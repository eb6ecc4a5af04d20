//! [`StatusText`]: an entry of `if_status`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// An entry of `if_status`, written as a number or a string.
#[derive(Debug)]
pub struct StatusText(pub(crate) String);

impl<'de> Deserialize<'de> for StatusText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StatusVisitor)
    }
}

struct StatusVisitor;

impl Visitor<'_> for StatusVisitor {
    type Value = StatusText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a status: 404, "200-299" or "5xx""#)
    }

    fn visit_u64<E: Error>(self, code: u64) -> Result<StatusText, E> {
        Ok(StatusText(code.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<StatusText, E> {
        Ok(StatusText(text.to_owned()))
    }
}
