//! [`Json`]: JSON values without duplicate members. RFC 8259 section 4 leaves the meaning of a
//! duplicate open, and RFC 7515 section 4 forbids duplicates.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::bytes_eq;

/// Maximum number of members of one object. Each name is compared with all others, and the sender of
/// a token chooses their number. Configurations and tokens have fewer.
const MAX_MEMBERS: usize = 256;

/// A JSON value. Objects have no duplicate members.
///
/// ```
/// use novasphere_core::Json;
/// let claims = Json::parse(br#"{"sub": "u-1", "roles": ["admin"]}"#)?;
/// assert_eq!(claims.get("sub").and_then(Json::as_str), Some("u-1"));
/// assert!(Json::parse(br#"{"sub": "u-1", "sub": "u-2"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object. Its members are in the order of the text.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses JSON text.
    ///
    /// # Errors
    /// If the text is not JSON, is nested deeper than 128 levels, or has an object with duplicate
    /// members or more than 256 members. The message contains line and column, but no value.
    pub fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    /// The member of an object with this name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => {
                let is_named =
                    |n: &str| n.len() == name.len() && bytes_eq(n.as_bytes(), name.as_bytes());
                members.iter().find(|(n, _)| is_named(n)).map(|(_, v)| v)
            }
            _ => None,
        }
    }

    /// The content of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }
}

/// Writes JSON text.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(value) => write!(f, "{value}"),
            Json::String(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Json::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "[" } else { "," })?;
                }
                f.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Json::Object(members) => {
                for (i, (name, value)) in members.iter().enumerate() {
                    let start = if i == 0 { "{" } else { "," };
                    write!(f, "{start}{}:{value}", serde_json::Value::from(name.as_str()))?;
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            if members.iter().any(|(other, _)| {
                other.len() == name.len() && bytes_eq(other.as_bytes(), name.as_bytes())
            }) {
                return Err(A::Error::custom(format_args!("the member {name:?} occurs twice")));
            }
            if members.len() == MAX_MEMBERS {
                return Err(A::Error::custom("an object has more than 256 members"));
            }
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Json::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn keeps_the_order_of_members() {
        let json = Json::parse(br#"{"b": 1, "a": [true, null, "x", 0.5]}"#).unwrap();
        let Json::Object(members) = &json else { panic!("{json:?}") };
        assert_eq!(members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(json.get("b"), Some(&Json::Number(1.into())));
        assert_eq!(json.get("c"), None);
    }

    #[test]
    fn rejects_duplicates_and_excess() {
        assert!(refusal(r#"{"a": 1, "a": 1}"#).contains("occurs twice"));
        assert!(refusal(r#"{"x": {"a": 1, "\u0061": 2}}"#).contains("occurs twice"));
        assert!(refusal(&"[".repeat(1_000)).contains("recursion limit"));
        let members: Vec<String> = (0..257).map(|n| format!("\"{n}\": 0")).collect();
        assert!(refusal(&format!("{{{}}}", members.join(","))).contains("256 members"));
        assert!(refusal("{} x").contains("trailing"));
        assert!(refusal("\"\u{1}\"").contains("control character"));
        assert!(Json::parse(b"\"\xff\"").is_err());
    }
}
