//! A header that carries a token, as users write it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// A header that carries a token, and the authentication scheme before the token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameAndScheme {
    name: String,
    #[serde(default, deserialize_with = "text")]
    scheme: Option<String>,
}

/// The name of a header, or an object with its name and scheme.
pub struct TokenHeaderConfig {
    /// The name.
    pub name: String,
    /// The scheme. Empty for a token without scheme.
    pub scheme: Option<String>,
}

/// A text, but not null.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for TokenHeaderConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TokenHeaderVisitor;
        impl<'de> Visitor<'de> for TokenHeaderVisitor {
            type Value = TokenHeaderConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"the name of a header or {"name": "…", "scheme": "…"}"#)
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<TokenHeaderConfig, E> {
                Ok(TokenHeaderConfig { name: name.to_owned(), scheme: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TokenHeaderConfig, A::Error> {
                let NameAndScheme { name, scheme } =
                    NameAndScheme::deserialize(MapAccessDeserializer::new(map))?;
                Ok(TokenHeaderConfig { name, scheme })
            }
        }
        deserializer.deserialize_any(TokenHeaderVisitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TokenHeaderConfig {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TokenHeader".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        use novasphere_core::schema::TOKEN;
        let token_or_empty = TOKEN.replace("+$", "*$");
        schemars::json_schema!({"anyOf": [
            {"type": "string", "pattern": TOKEN},
            {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"description": "The header's name.", "type": "string", "pattern": TOKEN},
                    "scheme": {
                        "description": "The scheme before the token, in any case; empty for none. \
                            Default: `Bearer` for Authorization and Proxy-Authorization; for other \
                            headers `Bearer` or none.",
                        "type": "string",
                        "pattern": token_or_empty
                    }
                },
                "additionalProperties": false
            }
        ]})
    }
}
