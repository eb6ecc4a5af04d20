//! Defaults of fields whose Rust types have none, such as `Option`. The description states them.

use schemars::{
    Schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value};

/// Adds the defaults.
pub(super) struct Defaults;

impl Transform for Defaults {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(members) = schema.as_object_mut() else { return };
        let Some(Value::Object(fields)) = members.get_mut("properties") else { return };
        for field in fields.values_mut().filter_map(Value::as_object_mut) {
            if !field.contains_key("default")
                && let Some(default) = stated(field)
            {
                field.insert("default".to_owned(), default);
            }
        }
    }
}

/// The default in a description, if it is a value: ``Default: `kong`.``, `Default: 204.`
fn stated(field: &Map<String, Value>) -> Option<Value> {
    let description = field.get("description")?.as_str()?;
    let (_, text) = description.split_once("Default: ")?;
    let text = text.split(". ").next()?.trim_end_matches('.');
    let is = |kind: &str| match field.get("type") {
        Some(Value::String(own)) => own == kind,
        Some(Value::Array(own)) => own.iter().any(|own| own == kind),
        _ => false,
    };
    if is("boolean") && matches!(text, "true" | "false") {
        return Some(Value::Bool(text == "true"));
    }
    if is("integer") {
        return text.replace(',', "").parse::<u64>().ok().map(Value::from);
    }
    if is("array") {
        return list(text, field.contains_key("minItems"));
    }
    let word = text.strip_prefix('`')?.strip_suffix('`')?;
    let is_text = is("string") || field.contains_key("$ref");
    (is_text && !word.contains('`')).then(|| word.into())
}

/// A list in words: `none`, `[exp]` in backticks, or `RS256, ES256`.
fn list(text: &str, is_never_empty: bool) -> Option<Value> {
    if text == "none" {
        return (!is_never_empty).then(|| Value::Array(Vec::new()));
    }
    let bracketed = text.strip_prefix("`[").and_then(|rest| rest.strip_suffix("]`"));
    let words: Vec<&str> = bracketed.unwrap_or(text).split(", ").collect();
    let is_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    let is_list = words.iter().all(is_word) && (bracketed.is_some() || words.len() > 1);
    is_list.then(|| words.into_iter().map(Value::from).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_defaults_and_explanations_are_not() {
        for (mut field, description, expected) in [
            (json!({"type": "boolean"}), "On. Default: true.", json!(true)),
            (json!({"type": "boolean"}), "Default: the filter's.", json!(null)),
            (json!({"type": "integer"}), "A size. Default: 65,536.", json!(65_536)),
            (json!({"type": "integer"}), "Default: no limit.", json!(null)),
            (json!({"type": "array"}), "Default: none.", json!([])),
            (json!({"type": "array", "minItems": 1}), "Default: none.", json!(null)),
            (json!({"type": "array"}), "Default: RS256, ES256. More.", json!(["RS256", "ES256"])),
            (json!({"type": "array"}), "Default: `[exp]`.", json!(["exp"])),
            (json!({"type": "array"}), "Default: any or none.", json!(null)),
            (json!({"type": "string"}), "Default: `DENY`.", json!("DENY")),
            (json!({"$ref": "#"}), "Default: `kong`.", json!("kong")),
            (json!({"type": "string"}), "Default: the `kid` of `jwk`.", json!(null)),
            (json!({"type": "string"}), "No default.", json!(null)),
        ] {
            field["description"] = description.into();
            let found = stated(field.as_object().unwrap()).unwrap_or(Value::Null);
            assert_eq!(found, expected, "{description}");
        }
    }
}
