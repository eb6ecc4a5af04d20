//! The configurations in README.md and migration.md.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_tests::shipped::{self, Configured, yaml_blocks};
use serde_json::{Map, Value, json};

use super::{
    DIR,
    identity::{unprotected, without_id},
    validate,
};

fn blocks(file: &str) -> Result<Vec<Value>> {
    let text = fs::read_to_string(repository().join(DIR).join(file))?;
    let blocks = yaml_blocks(&text).into_iter();
    blocks.map(|block| serde_yaml_ng::from_str(&block).context(block)).collect()
}

/// Checks that Kong accepts the block as part of a service.
fn check(block: &Value) -> Result<()> {
    let mut service = Map::from_iter([("name".into(), json!("a")), ("host".into(), json!("b"))]);
    let mut document = Map::from_iter([("_format_version".into(), json!("3.0"))]);
    for (name, value) in block.as_object().context("not an object")? {
        match name.as_str() {
            "filters" => service.insert("filter_chains".into(), json!([{ "filters": value }])),
            "plugins" => service.insert(name.clone(), value.clone()),
            _ => document.insert(name.clone(), value.clone()),
        };
    }
    // A block with services is part of a file, so the rules for files apply.
    let document = if document.contains_key("services") {
        let document = Value::Object(document);
        ensure!(without_id(&document).is_empty(), "{:?}", without_id(&document));
        ensure!(unprotected(&document)?.is_empty(), "no filters on the service");
        document
    } else {
        document.insert("services".into(), json!([service]));
        document.into()
    };
    validate(&document)?;
    shipped::in_kong(block)?.iter().try_for_each(Configured::check)
}

#[test]
fn every_block_is_a_valid_kong_configuration() -> Result<()> {
    for (file, filters) in [("README.md", 2), ("migration.md", 6)] {
        let blocks = blocks(file)?;
        for block in &blocks {
            check(block).with_context(|| format!("{file}: {block}"))?;
        }
        let found = blocks.iter().filter(|block| block.get("filters").is_some()).count();
        ensure!(found == filters, "{file}: {found} blocks with filters");
    }
    Ok(())
}

/// The shipped filters cover every plugin of lua-plugins.yml.
#[test]
fn filters_replace_the_lua_plugins() -> Result<()> {
    let old = shipped::yaml(&format!("{DIR}/lua-plugins.yml"))?;
    let plugins = old.pointer("/services/0/plugins").and_then(Value::as_array);
    let kong = shipped::in_kong(&super::kong()?)?;
    let has = |filter: &str, pointer: &str, wanted: &Value| {
        let of = kong.iter().filter(|configured| configured.filter == filter);
        of.into_iter().any(|configured| configured.config.pointer(pointer) == Some(wanted))
    };
    for plugin in plugins.context("plugins")? {
        let name = plugin["name"].as_str().context("name")?;
        for (field, value) in plugin["config"].as_object().context("config")? {
            let (filter, pointer) = match (name, field.as_str()) {
                ("cors", field) => ("cors", format!("/{field}")),
                ("jwt", field) => ("jwt-auth", format!("/{field}")),
                ("rate-limiting", field) => ("rate-limit", format!("/{field}")),
                ("request-transformer", field) => ("header-transform", format!("/request/{field}")),
                (_, field) => ("header-transform", format!("/response/{field}")),
            };
            let differs = matches!(
                (name, field.as_str()),
                // cors has another form of origins and more headers; jwt has the default.
                ("cors", "origins" | "exposed_headers") | ("jwt", "key_claim_name")
            );
            ensure!(differs || has(filter, &pointer, value), "{name}: {field} is {value}");
        }
    }
    Ok(())
}
