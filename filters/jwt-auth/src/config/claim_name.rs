//! The location of a claim, as users write it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// A claim's name or path, as one text or as a list of names.
pub enum ClaimName {
    /// A name, or a path with dots into objects: `realm_access.roles`.
    Text(String),
    /// The names on the way to the claim. A name may have dots.
    Names(Vec<String>),
}

impl<'de> Deserialize<'de> for ClaimName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClaimNameVisitor;
        impl<'de> Visitor<'de> for ClaimNameVisitor {
            type Value = ClaimName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a claim or a list of names")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ClaimName, E> {
                Ok(ClaimName::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ClaimName, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(ClaimName::Names(names))
            }
        }
        deserializer.deserialize_any(ClaimNameVisitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ClaimName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClaimName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1}
        ]})
    }
}
