//! The JSON Schema of the configuration.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Config, SecurityHeaders, SecurityValue, SecurityValues, StatusText};

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}

impl JsonSchema for StatusText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Status".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "integer", "minimum": 200, "maximum": 599},
            {"type": "string", "pattern": "^[2-5](xx|[0-9]{2}(-[2-5][0-9]{2})?)$"}
        ]})
    }
}

impl JsonSchema for SecurityHeaders {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecurityHeaders".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<SecurityValues>();
        json_schema!({"anyOf": [{"type": "boolean"}, values]})
    }
}

impl JsonSchema for SecurityValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecurityValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["boolean", "string"], "minLength": 1})
    }
}
