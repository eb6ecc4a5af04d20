//! JSON Schema validation with `boon`, which shares no code with the generator.

use anyhow::{Context, Result, anyhow};
use boon::{Compiler, Draft, SchemaIndex, Schemas};
use serde_json::Value;

/// A compiled schema.
pub struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    /// Compiles `schema`, which must conform to the draft in its `$schema`.
    ///
    /// # Errors
    /// Fails if `schema` does not conform.
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

    /// Validates `value`.
    ///
    /// # Errors
    /// Lists the violations.
    pub fn check(&self, value: &Value) -> Result<()> {
        self.schemas.validate(value, self.index).map_err(|error| anyhow!("{error}"))
    }
}
