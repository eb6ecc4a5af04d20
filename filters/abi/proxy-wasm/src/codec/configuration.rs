//! A plugin's configuration from the host: JSON text, or a protobuf message.
//!
//! Envoy passes a `google.protobuf.StringValue` as its text. It passes a `google.protobuf.Struct`,
//! which allows plain YAML in Envoy's configuration, as the message's bytes. A
//! `google.protobuf.Value` and an `xds.type.v3.TypedStruct` (or `udpa.type.v1`) hold a Struct.

use serde_json::{Map, Number, Value};

use super::protobuf::{Field, Payload, fields};

/// A configuration as JSON text.
pub(crate) struct Configuration {
    /// The JSON text.
    pub(crate) json: Vec<u8>,
    /// Whether the text may come from plain YAML. Envoy's YAML reader keeps integers of 32 bits as
    /// numbers, passes other numbers as text, and `y`, `n`, `yes`, `no`, `on` and `off` as booleans.
    pub(crate) from_yaml: bool,
}

impl Configuration {
    /// Keeps bytes that are neither JSON nor one of the messages, so that the filter reports the
    /// fault.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        // The bytes of a Struct are never JSON: they start with 0x0A, the length of the first
        // member, and another 0x0A.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok() {
            return Self { json: bytes, from_yaml: false };
        }
        if bytes.is_empty() {
            return Self { json: bytes, from_yaml: false };
        }
        match structure(&bytes, 0).or_else(|| typed_struct(&bytes)).or_else(|| whole_value(&bytes))
        {
            // A text in a Value is JSON text, as in a StringValue.
            Some(Value::String(text)) => Self { json: text.into_bytes(), from_yaml: false },
            Some(value) => Self { json: value.to_string().into_bytes(), from_yaml: true },
            None => Self { json: bytes, from_yaml: false },
        }
    }
}

/// `message TypedStruct { string type_url = 1; Struct value = 2; }`
///
/// The type URL names the message that the Struct stands for. Envoy does not check it here.
fn typed_struct(bytes: &[u8]) -> Option<Value> {
    let mut value = None;
    for field in fields(bytes) {
        match field? {
            Field { number: 1, payload: Payload::Bytes(url) } => _ = str::from_utf8(url).ok()?,
            Field { number: 2, payload: Payload::Bytes(bytes) } => value = structure(bytes, 0),
            _ => return None,
        }
    }
    value
}

/// A Value of one field: an object, a list, which the filter rejects by name, or JSON text.
fn whole_value(bytes: &[u8]) -> Option<Value> {
    match fields(bytes).next()?? {
        Field { number: 3 | 5 | 6, payload: Payload::Bytes(_) } => value(bytes, 0),
        _ => None,
    }
}

/// Limits the recursion. No valid configuration is that deep.
const MAX_DEPTH: usize = 32;

/// `message Struct { map<string, Value> fields = 1; }`
fn structure(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut members = Map::new();
    for field in fields(bytes) {
        let Field { number: 1, payload: Payload::Bytes(entry) } = field? else { return None };
        let (mut name, mut member) = (String::new(), Value::Null);
        for field in fields(entry) {
            match field? {
                Field { number: 1, payload: Payload::Bytes(text) } => {
                    name = String::from_utf8(text.to_vec()).ok()?;
                }
                Field { number: 2, payload: Payload::Bytes(bytes) } => {
                    member = value(bytes, depth)?;
                }
                _ => return None,
            }
        }
        members.insert(name, member);
    }
    Some(Value::Object(members))
}

/// `message Value { oneof kind { NullValue = 1; double = 2; string = 3; bool = 4; Struct = 5;
/// ListValue = 6; } }`
fn value(bytes: &[u8], depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut result = Value::Null;
    for field in fields(bytes) {
        result = match field? {
            Field { number: 1, payload: Payload::Varint(_) } => Value::Null,
            Field { number: 2, payload: Payload::Fixed64(bits) } => number(f64::from_bits(bits))?,
            Field { number: 3, payload: Payload::Bytes(text) } => {
                Value::String(String::from_utf8(text.to_vec()).ok()?)
            }
            Field { number: 4, payload: Payload::Varint(flag) } => Value::Bool(flag != 0),
            Field { number: 5, payload: Payload::Bytes(bytes) } => structure(bytes, depth + 1)?,
            Field { number: 6, payload: Payload::Bytes(bytes) } => list(bytes, depth + 1)?,
            _ => return None,
        };
    }
    Some(result)
}

/// `message ListValue { repeated Value values = 1; }`
fn list(bytes: &[u8], depth: usize) -> Option<Value> {
    fields(bytes)
        .map(|field| match field? {
            Field { number: 1, payload: Payload::Bytes(bytes) } => value(bytes, depth),
            _ => None,
        })
        .collect::<Option<Vec<Value>>>()
        .map(Value::Array)
}

/// Whole numbers become integers.
fn number(number: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Value::Number(Number::from(number as i64)));
    }
    Number::from_f64(number).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::protobuf;

    /// `{"minute": 100, "rate": 0.5, "by": "ip", "on": true, "none": null, "list": ["a", {}]}`,
    /// serialised by Google's protobuf library for Python.
    const STRUCT: &[u8] = b"\n\x13\n\x06minute\x12\t\x11\0\0\0\0\0\0\x59\x40\
        \n\x11\n\x04rate\x12\t\x11\0\0\0\0\0\0\xe0\x3f\
        \n\n\n\x02by\x12\x04\x1a\x02ip\
        \n\x08\n\x02on\x12\x02\x20\x01\
        \n\n\n\x04none\x12\x02\x08\0\
        \n\x13\n\x04list\x12\x0b2\t\n\x03\x1a\x01a\n\x02*\0";

    fn read(bytes: &[u8]) -> String {
        String::from_utf8(Configuration::new(bytes.to_vec()).json).unwrap()
    }

    #[test]
    fn struct_becomes_json() {
        assert_eq!(
            serde_json::from_str::<Value>(&read(STRUCT)).unwrap(),
            serde_json::json!({
                "minute": 100, "rate": 0.5, "by": "ip", "on": true, "none": null, "list": ["a", {}]
            })
        );
    }

    fn typed(type_url: &str) -> Vec<u8> {
        [field(1, type_url.as_bytes()), field(2, STRUCT)].concat()
    }

    #[test]
    fn typed_struct_becomes_json() {
        let url = "type.googleapis.com/novasphere.RateLimit";
        for typed in [typed(url), typed(""), field(2, STRUCT)] {
            assert_eq!(read(&typed), read(STRUCT));
            assert!(Configuration::new(typed).from_yaml);
        }
        let not_a_struct = [field(1, url.as_bytes()), field(2, b"nonsense")].concat();
        assert_eq!(Configuration::new(not_a_struct.clone()).json, not_a_struct);
    }

    #[test]
    fn value_becomes_json() {
        assert_eq!(read(&field(5, STRUCT)), read(STRUCT));
        assert!(Configuration::new(field(5, STRUCT)).from_yaml);
        assert_eq!(read(&field(6, &field(1, &field(3, b"a")))), r#"["a"]"#);
        let text = Configuration::new(field(3, br#"{"minute": 5}"#));
        assert_eq!((text.json.as_slice(), text.from_yaml), (&br#"{"minute": 5}"#[..], false));
    }

    #[test]
    fn only_a_struct_comes_from_yaml() {
        assert!(Configuration::new(STRUCT.to_vec()).from_yaml);
        for text in [&b"{}"[..], b"", b"\nx"] {
            assert!(!Configuration::new(text.to_vec()).from_yaml, "{text:?}");
        }
    }

    #[test]
    fn text_is_unchanged() {
        for text in ["{}", " {\"a\": 1}", "\n{\"a\": 1}\n", "", "[]", "{", "nonsense", "\nx"] {
            assert_eq!(read(text.as_bytes()), text);
        }
    }

    #[test]
    fn truncated_struct_is_unchanged_or_valid() {
        for end in 1..STRUCT.len() {
            let cut = &STRUCT[..end];
            let result = Configuration::new(cut.to_vec()).json;
            assert!(result == cut || serde_json::from_slice::<Value>(&result).is_ok());
        }
    }

    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        protobuf::push_bytes(&mut bytes, number, content);
        bytes
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth| (0..depth).fold(b"\x08\0".to_vec(), |v, _| field(6, &field(1, &v)));
        assert!(value(&nested(MAX_DEPTH), 0).is_some());
        assert_eq!(value(&nested(MAX_DEPTH + 1), 0), None);
        assert_eq!(value(&nested(10_000), 0), None);
    }
}
