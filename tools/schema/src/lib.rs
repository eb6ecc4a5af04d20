//! The JSON Schemas of the filters' configurations: draft 2020-12 for editors and for the Helm chart's
//! values, draft-04 for Kong. All derive from the Rust types that the filters decode.

mod chart;
mod defaults;
mod draft04;
mod examples;
mod tidy;

use std::path::{Path, PathBuf};

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, transform::Transform};
use serde_json::{Value, json};

pub use chart::for_chart;

/// Generates a filter's schema.
pub type Generate = fn(&mut SchemaGenerator) -> Schema;

/// Each filter's name and generator.
pub const FILTERS: [(&str, Generate); 5] = [
    ("cors", novasphere_cors::schema),
    ("gateway", novasphere_gateway::schema),
    ("header-transform", novasphere_header_transform::schema),
    ("jwt-auth", novasphere_jwt_auth::schema),
    ("rate-limit", novasphere_rate_limit::schema),
];

/// Returns the schema for editors, with defaults and examples.
pub fn for_editors(filter: &str, generate: Generate) -> Schema {
    let mut schema = of_types(filter, generate);
    schema.insert("$id".to_owned(), id(filter).into());
    defaults::Defaults.transform(&mut schema);
    examples::complete(&mut schema);
    schema
}

/// The schema that the Rust types give.
fn of_types(filter: &str, generate: Generate) -> Schema {
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

/// The identifier of a filter's schema. A name instead of a location, because the schema is in the
/// repository and in `filterctl`, and on no server.
pub fn id(filter: &str) -> String {
    format!("urn:novasphere:schema:{filter}")
}

/// The labels of metrics, in their order in metric names. Kong searches for each label after the
/// previous match.
const LABELS: [&str; 8] =
    ["filter", "rule", "window", "max_clients", "kind", "within_ms", "decision", "event"];

/// Returns the `.meta.json` that Kong reads beside a module.
pub fn for_kong(filter: &str, generate: Generate) -> Value {
    let pattern = |label: &str| json!({"label": label, "pattern": format!(r"(\.{label}=([^.]+))")});
    json!({
        "config_schema": draft04::downgraded(of_types(filter, generate)),
        "metrics": {"label_patterns": LABELS.map(pattern)},
    })
}

fn kong_file(filter: &str) -> String {
    format!("host-config/kong/meta/novasphere_{}.meta.json", filter.replace('-', "_"))
}

/// Returns all generated files of the repository: each path with its text.
///
/// # Errors
///
/// Fails if the schema of the chart's values cannot be built.
pub fn files(repository: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let file = |path: String, schema: &Value| (repository.join(path), format!("{schema:#}\n"));
    let both = FILTERS.iter().flat_map(|(name, generate)| {
        let editors = for_editors(name, *generate);
        [
            file(format!("host-config/schema/{name}.json"), editors.as_value()),
            file(kong_file(name), &for_kong(name, *generate)),
        ]
    });
    let chart = "deploy/chart/novasphere-gateway/values.schema.json".to_owned();
    Ok(both.chain([file(chart, &for_chart()?)]).collect())
}

#[cfg(test)]
mod tests;
