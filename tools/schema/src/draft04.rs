//! Converts JSON Schema 2020-12 to draft-04, the draft that Kong supports. Converts only keywords that
//! the filters' schemas use; a test reports any other keyword that draft-04 lacks.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

/// Converts a schema to draft-04.
pub(super) fn downgraded(mut schema: Schema) -> Value {
    Downgrade.transform(&mut schema);
    schema.insert("$schema".to_owned(), "http://json-schema.org/draft-04/schema#".into());
    schema.to_value()
}

struct Downgrade;

impl Transform for Downgrade {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(members) = schema.as_object_mut() else { return };
        // A keyword of later drafts, for editors.
        members.remove("examples");
        rename_definitions(members);
        without_constants(members);
        with_empty_objects(members);
        alone(members);
    }
}

fn rename_definitions(members: &mut Map<String, Value>) {
    if let Some(definitions) = members.remove("$defs") {
        members.insert("definitions".to_owned(), definitions);
    }
    if let Some(Value::String(reference)) = members.get_mut("$ref") {
        *reference = reference.replace("#/$defs/", "#/definitions/");
    }
}

/// Merges constants, each with a description, into one `enum`.
fn without_constants(members: &mut Map<String, Value>) {
    if let Some(constant) = members.remove("const") {
        members.insert("enum".to_owned(), json!([constant]));
    }
    let Some(Value::Array(either)) = members.get("oneOf") else { return };
    let texts = |schema: &Value| match schema.get("enum") {
        Some(Value::Array(texts)) if schema.get("type")? == "string" => Some(texts.clone()),
        _ => None,
    };
    if let Some(texts) = either.iter().map(texts).collect::<Option<Vec<_>>>() {
        members.remove("oneOf");
        members.insert("type".to_owned(), "string".into());
        members.insert("enum".to_owned(), texts.concat().into());
    }
}

/// Allows empty objects as empty lists, because Kong encodes an empty Lua table as an object.
fn with_empty_objects(members: &mut Map<String, Value>) {
    if members.get("type").is_some_and(|name| name == "array") && !members.contains_key("minItems")
    {
        members.insert("type".to_owned(), json!(["array", "object"]));
        members.insert("maxProperties".to_owned(), 0.into());
    }
}

/// Wraps a `$ref` that has siblings in `allOf`, because draft-04 ignores the siblings.
fn alone(members: &mut Map<String, Value>) {
    if members.len() < 2 {
        return;
    }
    if let Some(reference) = members.remove("$ref") {
        members.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
}
