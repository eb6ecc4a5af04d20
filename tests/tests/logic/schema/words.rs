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

/// Those of draft-04 that Kong's validator knows, and what it passes over.
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

/// Shows every schema within a schema, and itself.
struct Each<'s>(&'s mut dyn FnMut(&Schema));

impl Transform for Each<'_> {
    fn transform(&mut self, schema: &mut Schema) {
        (self.0)(schema);
        transform_subschemas(self, schema);
    }
}

#[test]
fn kong_understands_every_word() -> Result<()> {
    for (filter, generate) in FILTERS {
        let mut meta = schema::for_kong(filter, generate);
        let mut schema: Schema = meta["config_schema"].take().try_into()?;
        let mut faults = Vec::new();
        Each(&mut |schema| {
            let Some(members) = schema.as_object() else {
                // Only what refuses further members is a boolean.
                if schema.as_bool() != Some(false) {
                    faults.push(format!("{schema:?}"));
                }
                return;
            };
            let unknown = members.keys().filter(|word| !DRAFT_04.contains(&word.as_str()));
            faults.extend(unknown.cloned());
            if members.contains_key("$ref") && members.len() > 1 {
                faults.push(format!("{schema:?}: more than a reference"));
            }
            // Kong's validator formats the pattern when it does not match.
            if members.get("pattern").and_then(Value::as_str).is_some_and(|p| p.contains('%')) {
                faults.push(format!("{schema:?}: a pattern with %"));
            }
        })
        .transform(&mut schema);
        ensure!(faults.is_empty(), "{filter}: {}", faults.join("\n"));
    }
    Ok(())
}

/// All objects refuse what they do not know, and explain what they do.
#[test]
fn every_field_is_explained() -> Result<()> {
    for (filter, generate) in FILTERS {
        let mut faults = Vec::new();
        Each(&mut |schema| {
            let properties = schema.get("properties").and_then(Value::as_object);
            // Keys of a JSON Web Key are explained elsewhere (RFC 7517).
            let Some(properties) = properties.filter(|p| !p.contains_key("kty")) else { return };
            if schema.get("additionalProperties") != Some(&Value::Bool(false)) {
                faults.push(format!("{:?} may have others", properties.keys()));
            }
            let silent = |field: &Value| field.get("description").is_none();
            let silent = properties.iter().filter(|(_, field)| silent(field));
            faults.extend(silent.map(|(name, _)| name.clone()));
        })
        .transform(&mut schema::for_editors(filter, generate));
        ensure!(faults.is_empty(), "{filter}: {}", faults.join("\n"));
    }
    Ok(())
}

/// Validators quote what does not match a pattern.
#[test]
fn secrets_match_no_pattern() -> Result<()> {
    for (filter, place) in [
        ("jwt-auth", "/$defs/CredentialConfig/properties/secret"),
        ("jwt-auth", "/$defs/CredentialConfig/properties/public_key"),
        ("header-transform", "/$defs/RequestEntries/properties/headers"),
        ("header-transform", "/$defs/RequestEntries/properties/querystring"),
        ("header-transform", "/$defs/ResponseEntries/properties/headers"),
    ] {
        let generate = FILTERS.iter().find(|(name, _)| *name == filter).context("filter")?.1;
        let schema = schema::for_editors(filter, generate);
        let part = schema.pointer(place).with_context(|| place.to_owned())?;
        ensure!(!part.to_string().contains("pattern"), "{place}: {part}");
    }
    Ok(())
}

/// The modules hold nothing of it.
#[test]
fn the_modules_have_no_schemas() -> Result<()> {
    for (filter, generate) in FILTERS {
        let module = fs::read(paths::wasm(filter)?)?;
        let schema = schema::for_editors(filter, generate);
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        ensure!(description.len() > 30, "{filter}: {description:?}");
        let holds = |text: &str| module.windows(text.len()).any(|part| part == text.as_bytes());
        ensure!(!holds(description) && !holds("additionalProperties"), "{filter}");
    }
    Ok(())
}
