//! The JSON Schema of the configuration.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Config, KeyText};

/// A scope (RFC 6749 section 3.3).
pub(super) const SCOPE: &str = r"^[!#-\[\]-~]+$";

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}

/// What claims are compared with.
pub(super) fn scalar(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": ["string", "number", "boolean"]})
}

/// Several of them.
pub(super) fn scalars(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": scalar(generator), "minItems": 1})
}

/// A JSON Web Key. A private one does not belong into a configuration.
pub(super) fn jwk(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "required": ["kty"],
        "properties": {"kty": {"type": "string", "enum": ["RSA", "EC", "OKP", "oct"]}},
        "not": {"required": ["d"]}
    })
}

/// Without patterns: validators quote what does not match, and it may be a secret in a wrong place.
impl JsonSchema for KeyText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "KeyText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "required": ["env"],
                "properties": {"env": {
                    "description": "The variable of the proxy's environment that it is in.",
                    "type": "string",
                    "minLength": 1
                }},
                "additionalProperties": false
            }
        ]})
    }
}
