//! The JSON Schema of the Helm chart's values: `chart.json` with the schemas of the filters.

use schemars::{generate::SchemaSettings, transform::Transform};
use serde_json::{Value, from_str};

use crate::tidy::Tidy;

/// What a filter requires of complete settings. The chart completes its values from the defaults and,
/// in a route, from the settings of all routes.
const COMPLETENESS: [&str; 3] = ["anyOf", "required", "minProperties"];

/// Returns the schema of the values.
///
/// # Errors
///
/// Fails if `chart.json` is not a JSON object with `$defs`, or if a filter has no schema.
pub fn for_chart() -> anyhow::Result<Value> {
    let mut values: Value = from_str(include_str!("chart.json"))?;
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut gateway = novasphere_gateway::schema(&mut generator);
    gateway.insert("$defs".to_owned(), generator.take_definitions(false).into());
    Tidy.transform(&mut gateway);
    let mut gateway = gateway.to_value();
    let own = values.get_mut("$defs").and_then(Value::as_object_mut);
    let own = own.ok_or_else(|| anyhow::anyhow!("chart.json has no $defs"))?;
    for part in ["$defs", "properties"] {
        let schemas = gateway.get_mut(part).and_then(Value::as_object_mut).map(std::mem::take);
        for (name, mut schema) in schemas.unwrap_or_default() {
            if let (Some(members), "properties") = (schema.as_object_mut(), part) {
                members.retain(|keyword, _| !COMPLETENESS.contains(&keyword.as_str()));
            }
            anyhow::ensure!(!own.contains_key(&name), "$defs.{name}: defined twice");
            own.insert(name, schema);
        }
    }
    Ok(values)
}
