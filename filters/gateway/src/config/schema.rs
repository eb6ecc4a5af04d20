//! The JSON Schema of the configuration.

use novasphere_core::schema::each_required;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{Config, FilterKind};

/// The JSON Schema of the configuration.
pub fn schema(generator: &mut SchemaGenerator) -> Schema {
    Config::json_schema(generator)
}

/// At least one of the filters.
pub(super) fn one_of_them() -> Vec<Schema> {
    each_required(&FilterKind::ALL.map(FilterKind::field))
}
