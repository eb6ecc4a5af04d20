//! The file `tests/versions/versions.yaml`.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use novasphere_harness::{paths::repository, version::Version};
use serde::Deserialize;

const TABLE: &str = "tests/versions/versions.yaml";
const PASSED: &str = "tests/versions/passed.yaml";

/// The supported versions and what they lack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The runs of the tests.
    pub runs: Vec<Run>,
    /// Products that contain Envoy.
    pub products: Vec<Product>,
}

/// The tests of a proxy with each of its versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The name, such as `envoy`.
    pub name: String,
    /// The heading of the page.
    pub title: String,
    /// The Python package with the program.
    pub package: String,
    /// The name of the tests' target, such as `envoy`.
    pub target: String,
    /// Further environment variables of the tests.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// The versions of the package.
    pub versions: Vec<String>,
    /// Parts of the names of the tests to run. Empty for all.
    #[serde(default)]
    pub suites: Vec<String>,
    /// Tests that do not apply to any version.
    #[serde(default)]
    pub leaves_out: Vec<LeftOut>,
    /// What older versions lack.
    #[serde(default)]
    pub lacks: Vec<Lack>,
}

/// Tests that do not apply.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Parts of the tests' names.
    pub tests: Vec<String>,
    /// Why they do not apply.
    pub reason: String,
}

/// A feature that older versions lack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lack {
    /// The feature, such as `filter_chain`.
    pub what: String,
    /// The first version with the feature.
    pub since: String,
    /// The consequence, and what to use instead.
    pub remedy: String,
    /// Parts of the names of the tests that fail on older versions.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Files in `host-config/envoy` with which older versions do not start. A test checks them.
    #[serde(default)]
    pub files: Vec<String>,
    /// The text in the output of each of the tests, or in the log for the files.
    #[serde(default)]
    pub shows: String,
}

/// A product that contains Envoy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The name, such as `Istio`.
    pub name: String,
    /// Where its makers list the versions.
    pub source: String,
    /// Its releases, with the minor versions of Envoy in them.
    pub releases: BTreeMap<String, String>,
}

/// The versions that passed, by the name of the run.
pub type Passed = BTreeMap<String, Vec<String>>;

impl Table {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read() -> Result<Self> {
        let text = fs::read_to_string(repository().join(TABLE)).context(TABLE)?;
        serde_yaml_ng::from_str(&text).context(TABLE)
    }

    /// The lacks of a version of Envoy that concern files in `host-config/envoy`.
    ///
    /// # Errors
    /// If the file contains an invalid version.
    pub fn lacks_of_files(&self, version: Version) -> Result<Vec<&Lack>> {
        let mut found = Vec::new();
        for lack in self.runs.iter().filter(|run| run.target == "envoy").flat_map(|run| &run.lacks)
        {
            if !lack.files.is_empty() && lack.concerns(version)? {
                found.push(lack);
            }
        }
        Ok(found)
    }
}

impl Lack {
    /// Whether a version lacks the feature.
    ///
    /// # Errors
    /// If `since` is not a version.
    pub fn concerns(&self, version: Version) -> Result<bool> {
        Ok(version < self.since.parse()?)
    }
}

/// Reads the versions that passed.
///
/// # Errors
/// If the file cannot be read.
pub fn passed() -> Result<Passed> {
    let text = fs::read_to_string(repository().join(PASSED)).context(PASSED)?;
    serde_yaml_ng::from_str(&text).context(PASSED)
}

/// Writes the versions that passed.
///
/// # Errors
/// If the file cannot be written.
pub fn write_passed(passed: &Passed) -> Result<()> {
    let text = "# The versions with which `make test-versions UPDATE=1` passed.\n".to_owned()
        + &serde_yaml_ng::to_string(passed)?;
    fs::write(repository().join(PASSED), text).context(PASSED)
}

#[cfg(test)]
mod tests {
    use anyhow::ensure;

    use super::*;

    #[test]
    fn every_checked_lack_names_the_text_that_shows_it() -> Result<()> {
        for lack in Table::read()?.runs.iter().flat_map(|run| &run.lacks) {
            let is_checked = !lack.tests.is_empty() || !lack.files.is_empty();
            ensure!(is_checked != lack.shows.is_empty(), "{}: shows {:?}", lack.what, lack.shows);
        }
        Ok(())
    }

    /// Each job of the workflows runs the versions whose names start with an entry of the matrix.
    #[test]
    fn workflows_run_every_version() -> Result<()> {
        let workflow = |name| {
            let path = repository().join(format!(".github/workflows/{name}.yml"));
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        for caller in ["nightly", "release"] {
            let calls = workflow(caller)?.contains("uses: $/.github/workflows/versions.yml");
            ensure!(calls, "{caller}.yml does not call versions.yml");
        }
        let text = workflow("versions")?;
        let (_, matrix) = text.split_once("run: [envoy-").context("no matrix")?;
        let (matrix, _) = matrix.split_once(']').context("no end of the matrix")?;
        let entries: Vec<_> = format!("envoy-{matrix}").split(", ").map(str::to_owned).collect();
        let table = Table::read()?;
        let names = table.runs.iter().flat_map(|run| {
            run.versions.iter().map(move |version| format!("{}-{version}", run.name))
        });
        for name in names {
            let jobs = entries.iter().filter(|entry| name.starts_with(entry.as_str())).count();
            ensure!(jobs == 1, "{jobs} jobs run {name}");
        }
        Ok(())
    }
}
