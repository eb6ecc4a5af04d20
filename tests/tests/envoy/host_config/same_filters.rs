//! The chain of `gateway.yaml` configures the filters like `all.yaml`.

use std::fs;

use anyhow::{Result, bail, ensure};
use novasphere_harness::paths::repository;
use serde_json::{Map, Value};

/// The name and configuration of every wasm filter in a file, in order.
fn configurations(file: &str) -> Result<Vec<(String, Value)>> {
    let text = fs::read_to_string(repository().join("host-config/envoy").join(file))?;
    let mut found = Vec::new();
    collect(&serde_yaml_ng::from_str(&text)?, &mut found);
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<(String, Value)>) {
    let plugin = value.get("config").and_then(|config| {
        Some((config.get("name")?.as_str()?, config.pointer("/configuration/value")?))
    });
    if let Some((name, config)) = plugin {
        found.push((name.to_owned(), config.clone()));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => members.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[test]
fn gateway_file_has_the_filter_configurations_of_all_yaml() -> Result<()> {
    let separate: Map<String, Value> = configurations("all.yaml")?
        .into_iter()
        .map(|(name, config)| (name.replace('-', "_"), config))
        .collect();
    let chains = configurations("gateway.yaml")?;
    let [(_, chain)] = chains.as_slice() else { bail!("not one chain: {chains:?}") };
    ensure!(separate.len() == 4 && *chain == Value::Object(separate), "{chain}");
    Ok(())
}
