use boon::{Compiler, Schemas};
use serde_json::Value;

use super::*;

/// Calls `see` with each field: its path, its schema, and whether it is required.
fn each_field(schema: &Value, path: &str, see: &mut dyn FnMut(&str, &Value, bool)) {
    let required = schema.get("required").and_then(Value::as_array);
    for (name, field) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("{path}.{name}");
        let is_required = required.is_some_and(|names| names.iter().any(|other| other == name));
        see(&path, field, is_required);
        each_field(field, &path, see);
    }
    for (name, definition) in schema.get("$defs").and_then(Value::as_object).into_iter().flatten() {
        each_field(definition, name, see);
    }
    for keyword in ["anyOf", "oneOf"] {
        let schemas = schema.get(keyword).and_then(Value::as_array).into_iter().flatten();
        schemas.for_each(|schema| each_field(schema, path, see));
    }
}

#[test]
fn every_field_has_an_example_that_its_schema_accepts() {
    for (filter, generate) in FILTERS {
        let schema = for_editors(filter, generate).to_value();
        let mut faults = Vec::new();
        each_field(&schema, "", &mut |path, field, _| {
            let examples = field.get("examples").and_then(Value::as_array);
            for example in examples.into_iter().flatten() {
                let mut part = field.clone();
                part["$defs"] = schema.get("$defs").cloned().unwrap_or_default();
                part["$schema"] = schema["$schema"].clone();
                let mut compiler = Compiler::new();
                compiler.add_resource("urn:x:part", part).unwrap();
                let mut schemas = Schemas::new();
                let index = compiler.compile("urn:x:part", &mut schemas).unwrap();
                if let Err(error) = schemas.validate(example, index) {
                    faults.push(format!("{path}: {error}"));
                }
            }
            // RFC 7517 describes the members of a JSON Web Key.
            if examples.is_none_or(Vec::is_empty) && !path.ends_with(".jwk.kty") {
                faults.push(format!("{path}: no example"));
            }
        });
        assert!(faults.is_empty(), "{filter}:\n{}", faults.join("\n"));
    }
}

/// A description that states no default is of a field that is required, or one of several.
#[test]
fn every_field_has_a_default_or_states_its_absence() {
    for (filter, generate) in FILTERS {
        let schema = for_editors(filter, generate).to_value();
        let mut faults = Vec::new();
        each_field(&schema, "", &mut |path, field, is_required| {
            let description = field.get("description").and_then(Value::as_str).unwrap_or_default();
            let is_stated = description.contains("Default: ")
                || description.contains("Required with `")
                || description.starts_with("See `");
            if !is_required && !is_stated && field.get("default").is_none() {
                faults.push(path.to_owned());
            }
        });
        assert!(faults.is_empty(), "{filter}: no default:\n{}", faults.join("\n"));
    }
}

#[test]
fn schemas_have_different_identifiers() {
    let ids = FILTERS.map(|(filter, generate)| for_editors(filter, generate).get("$id").cloned());
    assert_eq!(ids[0], Some("urn:novasphere:schema:cors".into()));
    assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 1));
    // Draft-04 has no `$id`, and Kong rejects keywords that it does not know.
    let kong = for_kong("cors", novasphere_cors::schema).to_string();
    assert!(!kong.contains("$id") && !kong.contains("examples"));
}
