//! The tests that the threat model and the page about faults name exist, and every row names one.

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
    ensure_rows_name_tests(threats, "| threat")
}

#[test]
fn tests_of_the_faults_exist() -> Result<()> {
    let text = read("docs/operations/faults.md")?;
    let count = ensure_tests_exist(&text)?;
    ensure!(count > 1, "only {count} tests");
    ensure_rows_name_tests(&text, "| fault")
}

fn read(page: &str) -> Result<String> {
    fs::read_to_string(repository().join(page)).with_context(|| page.to_owned())
}

/// Checks the tests that a page names as `file: function`. Returns their number.
fn ensure_tests_exist(text: &str) -> Result<usize> {
    let mut count = 0;
    for span in text.split('`').filter(|span| span.starts_with("tests/")) {
        let (file, function) = span.split_once(": ").with_context(|| span.to_owned())?;
        let code = read(file)?;
        let is_there = code.contains(&format!("#[test]\nfn {function}("));
        ensure!(is_there, "{file} has no test {function}");
        count += 1;
    }
    Ok(count)
}

/// Checks that every row of the tables names a test. `header` starts the first row of each table.
fn ensure_rows_name_tests(text: &str, header: &str) -> Result<()> {
    let without = |line: &&str| {
        let is_row = line.starts_with("| ") && !line.starts_with(header);
        is_row && !line.contains("`tests/")
    };
    let missing: Vec<&str> = text.lines().filter(without).collect();
    ensure!(missing.is_empty(), "rows without a test: {missing:#?}");
    Ok(())
}
