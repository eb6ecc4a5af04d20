//! The JSON Schema of the configuration.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Config;

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}
