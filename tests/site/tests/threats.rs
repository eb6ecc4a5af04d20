//! The tests that the threat model names exist.

use std::fs;

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;

#[test]
fn tests_of_the_threat_model_exist() -> Result<()> {
    let text = fs::read_to_string(repository().join("docs/security.md"))?;
    let mut count = 0;
    for span in text.split('`').filter(|span| span.starts_with("tests/")) {
        let (file, function) = span.split_once(": ").with_context(|| span.to_owned())?;
        let code = fs::read_to_string(repository().join(file)).with_context(|| file.to_owned())?;
        let is_there = code.contains(&format!("#[test]\nfn {function}("));
        ensure!(is_there, "{file} has no test {function}");
        count += 1;
    }
    ensure!(count > 30, "only {count} tests");
    let threats = text.split("## Threats").nth(1).context("no threats")?;
    let threats = threats.split("## What remains").next().unwrap_or_default();
    let without = |line: &&str| {
        let is_row = line.starts_with("| ") && !line.starts_with("| threat");
        is_row && !line.contains("`tests/")
    };
    let missing: Vec<&str> = threats.lines().filter(without).collect();
    ensure!(missing.is_empty(), "threats without a test: {missing:#?}");
    Ok(())
}
