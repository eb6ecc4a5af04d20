//! The schemas use draft-04 keywords for Kong, and describe every field.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;
use novasphere_schema::{self as schema, FILTERS};
use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::Value;

/// The draft-04 keywords that Kong's validator knows or ignores.
const DRAFT_04: [&str; 24] = [
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "definitions",
    "description",
    "enum",
    "items",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
];

/// Calls the closure with a schema and every schema inside it.
struct Each<'s>(&'s mut dyn FnMut(&Schema));

impl Transform for Each<'_> {
    fn transform(&mut self, schema: &mut Schema) {
        (self.0)(schema);
        transform_subschemas(self, schema);
    }
}

#[test]
fn kong_schemas_use_only_known_keywords() -> Result<()> {
    for (filter, generate) in FILTERS {
        let mut meta = schema::for_kong(filter, generate);
        let mut schema: Schema = meta["config_schema"].take().try_into()?;
        let mut faults = Vec::new();
        Each(&mut |schema| {
            let Some(members) = schema.as_object() else {
                // The only boolean schema is `additionalProperties: false`.
                if schema.as_bool() != Some(false) {
                    faults.push(format!("{schema:?}"));
                }
                return;
            };
            let unknown = members.keys().filter(|keyword| !DRAFT_04.contains(&keyword.as_str()));
            faults.extend(unknown.cloned());
            if members.contains_key("$ref") && members.len() > 1 {
                faults.push(format!("{schema:?}: a reference with other keywords"));
            }
            // Kong's validator uses the pattern as a format string when a value does not match.
            if members.get("pattern").and_then(Value::as_str).is_some_and(|p| p.contains('%')) {
                faults.push(format!("{schema:?}: a pattern with %"));
            }
        })
        .transform(&mut schema);
        ensure!(faults.is_empty(), "{filter}: {}", faults.join("\n"));
    }
    Ok(())
}

/// Every object rejects unknown members and has a description for each known one.
#[test]
fn every_field_has_a_description() -> Result<()> {
    for (filter, generate) in FILTERS {
        let mut faults = Vec::new();
        Each(&mut |schema| {
            let properties = schema.get("properties").and_then(Value::as_object);
            // RFC 7517 describes the members of a JSON Web Key.
            let Some(properties) = properties.filter(|p| !p.contains_key("kty")) else { return };
            if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
                faults.push(format!("{:?} allow unknown members", properties.keys()));
            }
            let undocumented = |field: &Value| field.get("description").is_none();
            let undocumented = properties.iter().filter(|(_, field)| undocumented(field));
            faults.extend(undocumented.map(|(name, _)| name.clone()));
        })
        .transform(&mut schema::for_editors(filter, generate));
        ensure!(faults.is_empty(), "{filter}: {}", faults.join("\n"));
    }
    Ok(())
}

/// Validators quote a value that does not match a pattern.
#[test]
fn fields_with_secrets_have_no_pattern() -> Result<()> {
    for (filter, pointer) in [
        ("jwt-auth", "/$defs/CredentialConfig/properties/secret"),
        ("jwt-auth", "/$defs/CredentialConfig/properties/public_key"),
        ("header-transform", "/$defs/RequestEntries/properties/headers"),
        ("header-transform", "/$defs/RequestEntries/properties/querystring"),
        ("header-transform", "/$defs/ResponseEntries/properties/headers"),
    ] {
        let generate = FILTERS.iter().find(|(name, _)| *name == filter).context("filter")?.1;
        let schema = schema::for_editors(filter, generate);
        let part = schema.pointer(pointer).with_context(|| pointer.to_owned())?;
        ensure!(!part.to_string().contains("pattern"), "{pointer}: {part}");
    }
    Ok(())
}

/// The built modules contain no schema text.
#[test]
fn modules_contain_no_schemas() -> Result<()> {
    for (filter, generate) in FILTERS {
        let module = fs::read(paths::wasm(filter)?)?;
        let schema = schema::for_editors(filter, generate);
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        ensure!(description.len() > 30, "{filter}: {description:?}");
        let has_text = |text: &str| module.windows(text.len()).any(|part| part == text.as_bytes());
        ensure!(!has_text(description) && !has_text("additionalProperties"), "{filter}");
    }
    Ok(())
}
