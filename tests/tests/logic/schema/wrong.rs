//! The schemas reject what the filters reject, except for a list of errors that a schema cannot
//! express.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_tests::cases::{Module, invalid};
use serde_json::Value;

use super::SchemaPair;

const LIST: &str = "tests/schema/only-configure.txt";

/// The configurations on the list.
fn listed() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(repository().join(LIST)).context(LIST)?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut names = BTreeSet::new();
    for line in lines {
        ensure!(names.insert(line.to_owned()), "{LIST}: duplicate entry {line}");
    }
    Ok(names)
}

#[test]
fn schemas_refuse_every_invalid_configuration_not_listed() -> Result<()> {
    let gateway = SchemaPair::of("gateway")?;
    let mut listed = listed()?;
    let mut failures = Vec::new();
    for filter in ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"] {
        let pair = SchemaPair::of(filter)?;
        for (name, text) in invalid::configurations(filter)? {
            let is_listed = listed.remove(name.trim_start_matches("tests/invalid/"));
            // Text that is not JSON never reaches a schema.
            let config = match serde_json::from_str::<Value>(&text) {
                Ok(config) => config,
                Err(_) if text.trim().is_empty() => serde_json::json!({}),
                Err(_) if is_listed => {
                    failures.push(format!("{name}: not JSON; remove it from {LIST}"));
                    continue;
                }
                Err(_) => continue,
            };
            let in_gateway = Module::gateway(filter).config(&config);
            let refused = [
                pair.for_editors.check(&config).is_err(),
                pair.for_kong.check(&config).is_err(),
                gateway.for_editors.check(&in_gateway).is_err(),
                gateway.for_kong.check(&in_gateway).is_err(),
            ];
            match (refused, is_listed) {
                ([true, true, true, true], false) | ([false, false, false, false], true) => {}
                ([false, false, false, false], false) => {
                    failures.push(format!(
                        "{name}: accepted by the schemas; fix them or add it to {LIST}"
                    ));
                }
                ([true, true, true, true], true) => {
                    failures.push(format!("{name}: refused by the schemas; remove it from {LIST}"));
                }
                _ => failures.push(format!("{name}: the schemas differ: {refused:?}")),
            }
        }
    }
    failures.extend(listed.iter().map(|name| format!("{LIST}: unknown configuration {name}")));
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
