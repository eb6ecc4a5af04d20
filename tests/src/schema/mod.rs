//! The JSON Schemas of the filters' configurations, generated from the types that the filters read
//! them with: one for editors (2020-12), one for Kong (draft-04).

mod draft04;
mod tidy;

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, transform::Transform};
use serde_json::{Value, json};

use crate::paths::repository;

/// Makes a filter's schema.
type Generate = fn(&mut SchemaGenerator) -> Schema;

/// The filters.
pub const FILTERS: [(&str, Generate); 5] = [
    ("cors", novasphere_cors::schema),
    ("gateway", novasphere_gateway::schema),
    ("header-transform", novasphere_header_transform::schema),
    ("jwt-auth", novasphere_jwt_auth::schema),
    ("rate-limit", novasphere_rate_limit::schema),
];

/// The schema for editors.
pub fn for_editors(filter: &str, generate: Generate) -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generate(&mut generator);
    let definitions = generator.take_definitions(false);
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    let draft = "https://json-schema.org/draft/2020-12/schema";
    schema.insert("$schema".to_owned(), draft.into());
    schema.insert("title".to_owned(), format!("novasphere-{filter}").into());
    tidy::Tidy.transform(&mut schema);
    schema
}

/// What Kong reads beside a module. Without `metrics`: Kong's labels are for filters whose names
/// are letters only.
pub fn for_kong(filter: &str, generate: Generate) -> Value {
    json!({"config_schema": draft04::downgraded(for_editors(filter, generate))})
}

/// All generated files: where they lie, and what must be in them.
pub fn files() -> Vec<(PathBuf, String)> {
    let config = repository().join("host-config");
    let file = |path: String, schema: &Value| (config.join(path), format!("{schema:#}\n"));
    let both = FILTERS.iter().flat_map(|(name, generate)| {
        [
            file(format!("schema/{name}.json"), for_editors(name, *generate).as_value()),
            file(format!("kong/meta/novasphere-{name}.meta.json"), &for_kong(name, *generate)),
        ]
    });
    both.collect()
}

/// A schema that values can be checked against.
pub struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// From a schema, which must itself be right by what its `$schema` says.
    ///
    /// # Errors
    /// When it is not.
    pub fn new(schema: Value) -> Result<Self> {
        let draft = schema.get("$schema").and_then(Value::as_str).context("no $schema")?;
        let draft = Draft::from_url(draft).with_context(|| draft.to_owned())?;
        let mut compiler = Compiler::new();
        compiler.set_default_draft(draft);
        let mut schemas = Schemas::new();
        let at = "http://localhost/schema";
        compiler.add_resource(at, schema).map_err(|error| anyhow!("{error}"))?;
        let index = compiler.compile(at, &mut schemas).map_err(|error| anyhow!("{error:#}"))?;
        Ok(Self { schemas, index })
    }

    /// Checks a value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Result<()> {
        self.schemas.validate(value, self.index).map_err(|error| anyhow!("{error}"))
    }
}
