//! Checks that every row of the threat model, of the page about faults and of the pitfalls of the native
//! module names a test, and that these tests exist.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;

#[test]
fn tests_of_the_threat_model_exist() -> Result<()> {
    let text = read("docs/security.md")?;
    let count = ensure_tests_exist(&text)?;
    ensure!(count > 30, "only {count} tests");
    let threats = text.split("## Threats").nth(1).context("no threats")?;
    let threats = threats.split("## What remains").next().unwrap_or_default();
    ensure_rows_name(&["`tests/"], threats, "| threat")
}

#[test]
fn tests_of_the_faults_exist() -> Result<()> {
    let text = read("docs/operations/faults.md")?;
    let count = ensure_tests_exist(&text)?;
    ensure!(count > 20, "only {count} tests");
    ensure_rows_name(&["`tests/"], &text, "| fault")
}

#[test]
fn tests_of_the_pitfalls_of_envoy_exist() -> Result<()> {
    let text = read("docs/decisions/0015-native-module.md")?;
    let pitfalls = text.split("## Pitfalls").nth(1).context("no pitfalls")?;
    let pitfalls = pitfalls.split("\n## ").next().unwrap_or_default();
    let count = ensure_tests_exist(pitfalls)?;
    ensure!(count > 20, "only {count} tests");
    ensure_rows_name(&["`tests/", "`filters/", "`make "], pitfalls, "| Envoy |")
}

fn read(page: &str) -> Result<String> {
    fs::read_to_string(repository().join(page)).with_context(|| page.to_owned())
}

/// Checks the tests that a page names as `file: function`. Returns their number.
fn ensure_tests_exist(text: &str) -> Result<usize> {
    let mut count = 0;
    let is_test = |span: &&str| span.starts_with("tests/") || span.starts_with("filters/");
    for span in text.split('`').filter(is_test) {
        let (file, function) = span.split_once(": ").with_context(|| span.to_owned())?;
        let code = read(file)?;
        let declaration = format!("fn {function}(");
        let mut after = code.split("#[test]\n").skip(1);
        let is_there = after.any(|code| code.trim_start().starts_with(&declaration));
        ensure!(is_there, "{file} has no test {function}");
        count += 1;
    }
    Ok(count)
}

/// Checks that every row of the tables names a test, which starts with one of `starts`. `header` starts the
/// first row of each table.
fn ensure_rows_name(starts: &[&str], text: &str, header: &str) -> Result<()> {
    let without = |line: &&str| {
        let is_row = line.starts_with("| ") && !line.starts_with(header);
        is_row && !starts.iter().any(|start| line.contains(start))
    };
    let missing: Vec<&str> = text.lines().filter(without).collect();
    ensure!(missing.is_empty(), "rows without a test: {missing:#?}");
    Ok(())
}
