//! The page `docs/versions.md`.

use std::fs;

use anyhow::{Context, Result};
use novasphere_harness::{paths::repository, version::Version};

use crate::table::{Passed, Product, Run, Table};

const PAGE: &str = "docs/versions.md";

const INTRODUCTION: &str = "# Supported versions

The tests that depend on the proxy's version run with each version in these tables. The \
complete suite runs only with the versions pinned in `tests/requirements.txt`. A version that is not listed may \
work, but is not tested. Kong is tested in an emulation: see \
[its versions](../host-config/kong/README.md#supported-versions).

<!-- Written by `make test-versions UPDATE=1` from tests/versions/versions.yaml. -->
";

/// Writes the page.
///
/// # Errors
/// If the page cannot be written.
pub fn write(table: &Table, passed: &Passed) -> Result<()> {
    fs::write(repository().join(PAGE), render(table, passed)?).context(PAGE)
}

/// Returns the text of the page: the versions that passed, and the features that they lack.
///
/// # Errors
/// If the table contains an invalid version.
pub fn render(table: &Table, passed: &Passed) -> Result<String> {
    let mut text = INTRODUCTION.to_owned();
    for run in &table.runs {
        let versions = passed.get(&run.name).map(Vec::as_slice).unwrap_or_default();
        let versions = run.versions.iter().filter(|version| versions.contains(version));
        text += &section(run, &versions.map(String::as_str).collect::<Vec<_>>())?;
    }
    text += "\n## Istio and Envoy Gateway\n\nThese products contain Envoy. A release lacks what \
             its version of Envoy lacks.\n\n| release | Envoy |\n|---|---|\n";
    for product in &table.products {
        text += &releases(product);
    }
    let sources = table.products.iter().map(|p| format!("[{}]({})", p.name, p.source));
    text += &format!("\nSources: {}.\n", sources.collect::<Vec<_>>().join(", "));
    Ok(text)
}

fn section(run: &Run, versions: &[&str]) -> Result<String> {
    let mut text = format!("\n## {}\n\n| version | lacks |\n|---|---|\n", run.title);
    for version in versions {
        let parsed: Version = version.parse()?;
        let mut lacks = Vec::new();
        for lack in &run.lacks {
            if lack.concerns(parsed)? {
                lacks.push(lack.what.as_str());
            }
        }
        text += &format!("| {version} | {} |\n", lacks.join(", "));
    }
    if !run.lacks.is_empty() {
        text += "\n| feature | first version | on older versions |\n|---|---|---|\n";
    }
    for lack in &run.lacks {
        text += &format!("| {} | {} | {} |\n", lack.what, lack.since, lack.remedy);
    }
    Ok(text)
}

fn releases(product: &Product) -> String {
    let rows = product.releases.iter();
    rows.map(|(release, envoy)| format!("| {} {release} | {envoy} |\n", product.name)).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::*;
    use crate::table::passed;

    #[test]
    fn page_is_up_to_date() -> Result<()> {
        let (table, passed) = (Table::read()?, passed()?);
        let page = fs::read_to_string(repository().join(PAGE)).unwrap_or_default();
        let hint = "run `cargo run --bin versions -- --page`";
        ensure!(page == render(&table, &passed)?, "{PAGE} is out of date: {hint}");
        Ok(())
    }

    #[test]
    fn versions_that_did_not_pass_are_not_listed() -> Result<()> {
        let table = Table::read()?;
        let text =
            render(&table, &Passed::from([("envoy".to_owned(), vec!["1.36.4".to_owned()])]))?;
        ensure!(text.contains("\n| 1.36.4 |") && !text.contains("\n| 1.37.0 |"), "{text}");
        Ok(())
    }
}
