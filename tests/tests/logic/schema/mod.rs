//! The generated schemas are up to date, are valid schemas, and agree with the filters.

mod changes;
mod lists;
mod numbers;
mod right;
mod words;
mod wrong;

use std::fs;

use anyhow::{Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_schema::{self as schema, FILTERS};
use novasphere_tests::validator::Validator;
use serde_json::{Value, json};

/// The two schemas of a filter.
struct SchemaPair {
    filter: &'static str,
    for_editors: Validator,
    for_kong: Validator,
}

impl SchemaPair {
    /// The schemas of all filters.
    fn all() -> Result<Vec<Self>> {
        let pair = FILTERS.iter().map(|(filter, generate)| {
            let for_kong = schema::for_kong(filter, *generate)
                .pointer_mut("/config_schema")
                .map_or_else(Default::default, Value::take);
            Ok(Self {
                filter,
                for_editors: Validator::new(schema::for_editors(filter, *generate).to_value())?,
                for_kong: Validator::new(for_kong)?,
            })
        });
        pair.collect()
    }

    fn of(filter: &str) -> Result<Self> {
        let pair = Self::all()?.into_iter().find(|pair| pair.filter == filter);
        pair.ok_or_else(|| anyhow::anyhow!("unknown filter {filter}"))
    }
}

#[test]
fn generated_schema_files_are_up_to_date() -> Result<()> {
    let files = schema::files(&repository())?;
    for (path, text) in &files {
        let found = fs::read_to_string(path).unwrap_or_default();
        ensure!(found == *text, "{} is out of date: run `make schema`", path.display());
    }
    for dir in ["host-config/schema", "host-config/kong/meta"] {
        for entry in fs::read_dir(repository().join(dir))? {
            let path = entry?.path();
            let is_generated = files.iter().any(|(generated, _)| *generated == path);
            ensure!(is_generated, "{} belongs to no filter", path.display());
        }
    }
    Ok(())
}

/// Without the schema, Kong would accept a string as a configuration.
#[test]
fn configuration_must_be_an_object() -> Result<()> {
    for pair in SchemaPair::all()? {
        for value in [Value::Null, json!("{}"), json!(["x"]), json!(1), json!(true)] {
            ensure!(pair.for_editors.check(&value).is_err(), "{}: {value}", pair.filter);
            ensure!(pair.for_kong.check(&value).is_err(), "{}: {value} in Kong", pair.filter);
        }
    }
    Ok(())
}
