//! The JSON Schema of the configuration.

use std::borrow::Cow;

use novasphere_core::schema::each_required;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Config, Lease, LeaseConfig};

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}

/// Alternatives: a limit, or rules, which may have limits.
pub(super) fn limits_something() -> Vec<Schema> {
    each_required(&["second", "minute", "hour", "day", "month", "year", "window", "rules"])
}

impl JsonSchema for Lease {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Lease".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<LeaseConfig>();
        json_schema!({"anyOf": [{"type": "boolean"}, size]})
    }
}
