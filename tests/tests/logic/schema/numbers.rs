//! Faults and schemas have the same bounds and units.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use novasphere_core::{Filter, NumberUnit};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;
use novasphere_schema::{self as schema, FILTERS};
use serde_json::Value;

type Bounds = (u64, u64, &'static str);

/// Adds each field that is a whole number.
fn collect(schema: &Value, found: &mut BTreeMap<String, Bounds>) -> Result<()> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, field) in properties.into_iter().flatten() {
        let kind = field.get("type").map(Value::to_string).unwrap_or_default();
        if !kind.contains("integer") || field.get("enum").is_some() {
            continue;
        }
        let bound = |keyword: &str| field.get(keyword).and_then(Value::as_u64);
        let text = field.get("description").and_then(Value::as_str).context("description")?;
        if text.starts_with("See ") {
            continue;
        }
        let unit = match text {
            _ if text.contains("milliseconds") => "milliseconds",
            _ if text.contains("seconds") => "seconds",
            _ => "count",
        };
        let max = bound("maximum").unwrap_or(u32::MAX.into());
        let bounds = (bound("minimum").unwrap_or(0), max, unit);
        let earlier = found.insert(name.clone(), bounds);
        ensure!(earlier.is_none_or(|earlier| earlier == bounds), "{name}: two kinds of bounds");
    }
    match schema {
        Value::Object(members) => members.values().try_for_each(|inner| collect(inner, found)),
        Value::Array(items) => items.iter().try_for_each(|inner| collect(inner, found)),
        _ => Ok(()),
    }
}

fn check<F: Filter>() -> Result<()> {
    let generate = FILTERS.iter().find(|(name, _)| *name == F::NAME).context("filter")?.1;
    let mut in_schema = BTreeMap::new();
    collect(schema::for_editors(F::NAME, generate).as_value(), &mut in_schema)?;
    let mut in_hints = BTreeMap::new();
    for number in F::FIELD_HINTS.iter().flat_map(|(_, hints)| hints.numbers) {
        let unit = match number.unit {
            NumberUnit::Count => "count",
            NumberUnit::Seconds => "seconds",
            NumberUnit::Milliseconds => "milliseconds",
        };
        for name in number.names.split(' ') {
            let bounds = (number.min.into(), number.max.into(), unit);
            ensure!(in_hints.insert(name.to_owned(), bounds).is_none(), "{name} is listed twice");
        }
    }
    ensure!(
        in_schema == in_hints,
        "{}: field_hints.rs differs from the schema:\n{in_schema:#?}\n{in_hints:#?}",
        F::NAME
    );
    Ok(())
}

#[test]
fn faults_have_the_bounds_of_the_schemas() -> Result<()> {
    check::<Cors>()?;
    check::<JwtAuth>()?;
    check::<RateLimit>()?;
    check::<HeaderTransform>()?;
    check::<Gateway>()
}
