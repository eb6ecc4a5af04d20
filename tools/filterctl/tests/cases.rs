//! `filterctl test` runs the cases of the filters.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

/// Folders without private keys, whose names are those of the filters' tests.
const FOLDERS: [&str; 4] = ["cors", "gateway", "header-transform", "rate-limit"];

#[test]
fn cases_of_the_filters_pass() -> Result<()> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let environment = fs::read_to_string(cases.join("environment.yaml"))?;
    let environment: BTreeMap<String, String> = serde_yaml_ng::from_str(&environment)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_filterctl"));
    command.current_dir(&cases).args(["test", "--redis-down"]).args(FOLDERS);
    for (name, value) in environment {
        command.args(["--env".to_owned(), format!("{name}={value}")]);
    }
    let output = command.output()?;
    let text = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{text}");
    let last = text.lines().last().context("no output")?;
    ensure!(last.ends_with(" passed, 0 failed"), "{last}");
    Ok(())
}
