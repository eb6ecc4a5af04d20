//! The schemas in the form that editors and hosts use.

use serde_json::{Map, Value, json};

/// Calls `change` with each schema in a schema, inner schemas first.
fn each_schema(schema: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(members) = schema else { return };
    for (name, member) in members.iter_mut() {
        match (name.as_str(), member) {
            ("properties" | "$defs", Value::Object(named)) => {
                named.values_mut().for_each(|schema| each_schema(schema, change));
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(|schema| each_schema(schema, change));
            }
            ("items" | "additionalProperties" | "not", schema) => each_schema(schema, change),
            _ => {}
        }
    }
    change(members);
}

/// VS Code shows `markdownDescription` formatted, and offers the examples of objects as snippets.
pub(super) fn for_vscode(mut schema: Value) -> Value {
    each_schema(&mut schema, &mut |members| {
        if let Some(description) = members.get("description").cloned() {
            members.insert("markdownDescription".to_owned(), description);
        }
        let examples = members.get("examples").and_then(Value::as_array);
        let objects = examples.into_iter().flatten().filter(|example| !example.is_string());
        let snippets: Vec<Value> =
            objects.map(|body| json!({"label": body.to_string(), "body": body})).collect();
        if !snippets.is_empty() {
            members.insert("defaultSnippets".to_owned(), snippets.into());
        }
    });
    schema
}

/// The protobuf types that Envoy passes to a filter as its configuration.
const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
const STRING: &str = "type.googleapis.com/google.protobuf.StringValue";

/// The schema of the field `configuration` in Envoy's `PluginConfig`.
pub(super) fn for_envoy(mut schema: Value) -> Value {
    let take = |name: &str| schema.get(name).cloned();
    let (title, draft, definitions) = (take("title"), take("$schema"), take("$defs"));
    let id = take("$id").and_then(|id| Some(format!("{}:envoy", id.as_str()?)));
    if let Some(members) = schema.as_object_mut() {
        for name in ["$schema", "$id", "$defs", "title"] {
            members.remove(name);
        }
    }
    let type_url = |url: &str| json!({"const": url, "description": "The type of `value`."});
    json!({
        "$schema": draft,
        "$id": id,
        "$defs": definitions.unwrap_or_else(|| json!({})),
        "title": title,
        "description": "The field `configuration` of a Wasm filter in Envoy.",
        "oneOf": [
            {
                "type": "object",
                "required": ["@type", "value"],
                "properties": {"@type": type_url(STRUCT), "value": schema.clone()},
                "additionalProperties": false
            },
            {
                "type": "object",
                "required": ["@type", "value"],
                "properties": {
                    "@type": type_url(STRING),
                    "value": {
                        "description": "The configuration as JSON text.",
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": schema
                    }
                },
                "additionalProperties": false
            }
        ]
    })
}

/// Fields that need a capability which Traefik does not have: a definition and its member. The
/// definition of the configuration as a whole has no name.
pub(super) const NOT_ON_TRAEFIK: [(&str, &str); 5] = [
    ("", "jwks"),
    ("", "claims_to_attributes"),
    ("", "response"),
    ("RuleConfig", "route"),
    ("ResponseEntries", "on_refusals"),
];

/// Traefik passes all values as text, and its filters have fewer capabilities.
pub(super) fn for_traefik(mut schema: Value) -> Value {
    for (definition, field) in NOT_ON_TRAEFIK {
        let pointer = match definition {
            "" => "/properties".to_owned(),
            name => format!("/$defs/{name}/properties"),
        };
        if let Some(Value::Object(fields)) = schema.pointer_mut(&pointer) {
            fields.remove(field);
        }
    }
    if let Some(Value::Array(either)) = schema.get_mut("anyOf") {
        either.retain(|schema| *schema != json!({"required": ["jwks"]}));
    }
    each_schema(&mut schema, &mut |members| {
        let is_scalar =
            |kind: &Value| matches!(kind.as_str(), Some("boolean" | "integer" | "number"));
        if let Some(kind) = members.get("type").filter(|kind| is_scalar(kind)).cloned() {
            members.insert("type".to_owned(), json!([kind, "string"]));
        }
    });
    if let Some(Value::String(id)) = schema.get_mut("$id") {
        id.push_str(":traefik");
    }
    without_unused(schema)
}

/// Removes definitions to which nothing refers.
fn without_unused(mut schema: Value) -> Value {
    loop {
        let text = schema.to_string();
        let Some(Value::Object(definitions)) = schema.get_mut("$defs") else { return schema };
        let before = definitions.len();
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
        if definitions.len() == before {
            return schema;
        }
    }
}
