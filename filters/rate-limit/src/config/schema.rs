//! The JSON Schema of the configuration.

use novasphere_core::schema::each_required;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Config;

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}

/// Alternatives: a limit, or rules, which may have limits.
pub(super) fn limits_something() -> Vec<Schema> {
    each_required(&["second", "minute", "hour", "day", "month", "year", "window", "rules"])
}
