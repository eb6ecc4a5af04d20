//! Adds constraints that the Rust types do not express, and removes names of Rust types.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

/// Makes a generated schema as strict as the filters.
pub(super) struct Tidy;

impl Transform for Tidy {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(members) = schema.as_object_mut() {
            refuse_null(members);
            bound(members);
            join_lines(members);
        }
    }
}

/// Forbids null: a field has a value or is absent.
fn refuse_null(members: &mut Map<String, Value>) {
    if members.get("default") == Some(&Value::Null) {
        members.remove("default");
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_mut_slice() {
            let only = only.take();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(either)) = members.get_mut("anyOf") {
        either.retain(|schema| schema.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = either.as_mut_slice() {
            let only = std::mem::take(only);
            members.remove("anyOf");
            members.extend(only);
        }
    }
}

/// Replaces the names of Rust's integer types with bounds.
fn bound(members: &mut Map<String, Value>) {
    let Some(format) = members.remove("format") else { return };
    if format == "uint32" && !members.contains_key("maximum") {
        members.insert("maximum".to_owned(), u32::MAX.into());
    }
}

/// Joins the lines of a description, whose breaks come from the source.
fn join_lines(members: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = members.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}
