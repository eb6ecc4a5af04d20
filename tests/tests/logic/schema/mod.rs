//! The generated schemas are up to date, are valid schemas, and agree with the filters.

mod changes;
mod right;
mod words;
mod wrong;

use std::fs;

use anyhow::{Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_schema::{self as schema, FILTERS};
use novasphere_tests::validator::Validator;
use serde_json::{Value, json};

/// Both schemas of a filter.
struct Both {
    filter: &'static str,
    for_editors: Validator,
    for_kong: Validator,
}

impl Both {
    /// Those of all filters.
    fn all() -> Result<Vec<Self>> {
        let both = FILTERS.iter().map(|(filter, generate)| {
            let for_kong = schema::for_kong(filter, *generate)
                .pointer_mut("/config_schema")
                .map_or_else(Default::default, Value::take);
            Ok(Self {
                filter,
                for_editors: Validator::new(schema::for_editors(filter, *generate).to_value())?,
                for_kong: Validator::new(for_kong)?,
            })
        });
        both.collect()
    }

    fn of(filter: &str) -> Result<Self> {
        let both = Self::all()?.into_iter().find(|both| both.filter == filter);
        both.ok_or_else(|| anyhow::anyhow!("there is no filter {filter}"))
    }
}

#[test]
fn the_files_are_those_of_the_types() -> Result<()> {
    let files = schema::files(&repository().join("host-config"));
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

/// Kong would take a text for a configuration, were it not for the schema.
#[test]
fn a_configuration_is_an_object() -> Result<()> {
    for both in Both::all()? {
        for value in [Value::Null, json!("{}"), json!(["x"]), json!(1), json!(true)] {
            ensure!(both.for_editors.check(&value).is_err(), "{}: {value}", both.filter);
            ensure!(both.for_kong.check(&value).is_err(), "{}: {value} in Kong", both.filter);
        }
    }
    Ok(())
}
