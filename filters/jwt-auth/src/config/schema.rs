//! The JSON Schema of the configuration.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Config;

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
