//! An example for each field. The wire structs have those of texts and numbers. The others follow
//! from the schema.

use schemars::Schema;
use serde_json::{Map, Value, json};

/// Adds an example to each field that has none.
pub(super) fn complete(schema: &mut Schema) {
    let root = schema.as_value().clone();
    if let Some(members) = schema.as_object_mut() {
        add_to_fields(members, &root);
    }
}

fn add_to_fields(schema: &mut Map<String, Value>, root: &Value) {
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        for field in fields.values_mut() {
            let example = example(field, root, MAX_DEPTH);
            if let (Value::Object(members), Some(example)) = (&mut *field, example) {
                members.entry("examples").or_insert_with(|| json!([example]));
            }
        }
    }
    // Examples and defaults are values, not schemas.
    let is_schema = |name: &str| !matches!(name, "examples" | "default" | "enum" | "const");
    for (name, value) in schema.iter_mut().filter(|(name, _)| is_schema(name)) {
        let named = matches!(name.as_str(), "properties" | "$defs");
        match value {
            Value::Object(members) if named => {
                members.values_mut().filter_map(Value::as_object_mut).for_each(|member| {
                    add_to_fields(member, root);
                });
            }
            Value::Object(member) => add_to_fields(member, root),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| {
                    add_to_fields(item, root);
                });
            }
            _ => {}
        }
    }
}

/// References of references that are followed.
const MAX_DEPTH: usize = 8;

/// An example of the values that a schema accepts.
fn example(schema: &Value, root: &Value, depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    if let Some(first) = schema.get("examples").and_then(|examples| examples.get(0)) {
        return Some(first.clone());
    }
    if let Some(constant) = schema.get("const") {
        return Some(constant.clone());
    }
    let default = schema.get("default");
    if let Some(Value::Array(values)) = schema.get("enum") {
        let other = values.iter().find(|value| Some(*value) != default);
        return other.or(values.first()).cloned();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'))?;
        // The default belongs to the reference.
        let mut target = target.clone();
        if let (Some(members), Some(default)) = (target.as_object_mut(), default) {
            members.insert("default".to_owned(), default.clone());
        }
        return example(&target, root, depth);
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(Value::Array(schemas)) = schema.get(keyword) {
            let mut all = schemas.iter().filter_map(|schema| example(schema, root, depth));
            let first = all.next();
            let other = first.iter().cloned().chain(all).find(|example| Some(example) != default);
            if first.is_some() {
                return other.or(first);
            }
        }
    }
    match schema.get("type").and_then(Value::as_str)? {
        "boolean" => Some(Value::Bool(default != Some(&Value::Bool(true)))),
        "array" => Some(json!([example(schema.get("items")?, root, depth)?])),
        "object" => object(schema, root, depth),
        _ => None,
    }
}

/// An object with its required members.
fn object(schema: &Value, root: &Value, depth: usize) -> Option<Value> {
    let fields = schema.get("properties")?.as_object()?;
    let required = schema.get("required").and_then(Value::as_array)?.iter();
    let member = |name: &Value| {
        let name = name.as_str()?;
        Some((name.to_owned(), example(fields.get(name)?, root, depth)?))
    };
    required.map(member).collect::<Option<Map<_, _>>>().map(Value::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_follow_from_types_and_references() {
        let mut schema: Schema = json!({
            "properties": {
                "flag": {"type": "boolean", "default": true},
                "mode": {"$ref": "#/$defs/Mode", "default": "a"},
                "list": {"type": "array", "items": {"$ref": "#/$defs/Entry"}},
                "own": {"type": "string", "examples": ["x"]},
                "open": {"type": "string"},
            },
            "$defs": {
                "Mode": {"oneOf": [{"const": "a"}, {"const": "b"}]},
                "Entry": {
                    "type": "object",
                    "properties": {"name": {"type": "string", "examples": ["n"]}},
                    "required": ["name"]
                },
            },
        })
        .try_into()
        .unwrap();
        complete(&mut schema);
        let example =
            |name: &str| schema.pointer(&format!("/properties/{name}/examples/0")).cloned();
        assert_eq!(example("flag"), Some(json!(false)));
        assert_eq!(example("mode"), Some(json!("b")));
        assert_eq!(example("list"), Some(json!([{"name": "n"}])));
        assert_eq!(example("own"), Some(json!("x")));
        assert_eq!(example("open"), None);
    }
}
