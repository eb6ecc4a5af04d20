//! The outcomes of a run of tests, compared with the declared lacks.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use novasphere_harness::version::Version;

use crate::table::{Lack, Run};

/// The tests of a run by name, with the output of each that failed.
#[derive(Debug, Default)]
pub struct Outcomes {
    tests: BTreeMap<String, Option<String>>,
}

impl Outcomes {
    /// Reads the output of Rust's test program.
    ///
    /// # Errors
    /// If no test ran, or if the program ended before the last test.
    pub fn read(output: &str) -> Result<Self> {
        let mut tests = BTreeMap::new();
        for line in output.lines() {
            let result = line.strip_prefix("test ").and_then(|line| line.split_once(" ... "));
            match result {
                Some((name, "ok")) => tests.insert(name.to_owned(), None),
                Some((name, "FAILED")) => {
                    tests.insert(name.to_owned(), Some(section(output, name)))
                }
                _ => None,
            };
        }
        ensure!(!tests.is_empty(), "no test ran");
        let is_complete = output.lines().any(|line| line.starts_with("test result: "));
        ensure!(is_complete, "the test program ended after {} tests", tests.len());
        Ok(Self { tests })
    }

    /// The number of tests.
    pub fn count(&self) -> usize {
        self.tests.len()
    }

    /// The differences from what `run` declares for `version`.
    ///
    /// # Errors
    /// If a declared version is invalid.
    pub fn faults(&self, run: &Run, version: Version) -> Result<Vec<String>> {
        let mut faults = Vec::new();
        let mut declared = Vec::new();
        for lack in run.lacks.iter().filter(|lack| !lack.tests.is_empty()) {
            let is_lacking = lack.concerns(version)?;
            for part in &lack.tests {
                let found: Vec<_> =
                    self.tests.iter().filter(|(name, _)| name.contains(part)).collect();
                if found.is_empty() {
                    faults.push(format!("{part}: no test has this name (lack: {})", lack.what));
                } else if is_lacking {
                    declared.extend(found.iter().map(|(name, _)| *name));
                    faults.extend(
                        found.iter().filter_map(|(name, output)| not_real(lack, name, output)),
                    );
                }
            }
        }
        let failed =
            self.tests.iter().filter(|(name, output)| output.is_some() && !declared.contains(name));
        faults.extend(failed.map(|(name, output)| {
            format!("{name} failed:\n{}", output.as_deref().unwrap_or_default())
        }));
        Ok(faults)
    }
}

/// What is wrong if a test that must fail for a lack does not, or fails for another reason.
fn not_real(lack: &Lack, name: &str, output: &Option<String>) -> Option<String> {
    match output {
        None => Some(format!(
            "{name} passed, but {} is declared as lacking: correct `since`",
            lack.what
        )),
        Some(output) if output.contains(&lack.shows) => None,
        Some(output) => Some(format!("{name} failed, but without {:?}:\n{output}", lack.shows)),
    }
}

/// What a failed test printed.
fn section(output: &str, name: &str) -> String {
    let heading = format!("---- {name} stdout ----\n");
    let Some((_, rest)) = output.split_once(&heading) else { return String::new() };
    let lines = rest.lines().take_while(|line| !line.starts_with("---- ") && *line != "failures:");
    lines.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 3 tests
test reload::a ... ok
test native::b ... FAILED
test cases::c ... ok

failures:

---- native::b stdout ----
Error: unknown field: metrics_namespace


failures:
    native::b

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    fn run(lack: &str) -> Result<Run> {
        let text = format!(
            "{{name: envoy, title: Envoy, package: p, target: envoy, versions: [], lacks: [{lack}]}}"
        );
        Ok(serde_yaml_ng::from_str(&text)?)
    }

    fn faults(lack: &str, version: Version) -> Result<Vec<String>> {
        Outcomes::read(OUTPUT)?.faults(&run(lack)?, version)
    }

    #[test]
    fn accepts_a_declared_lack() -> Result<()> {
        let lack =
            "{what: w, since: '1.38', remedy: r, tests: ['native::'], shows: metrics_namespace}";
        ensure!(faults(lack, Version::new(1, 37))?.is_empty());
        Ok(())
    }

    #[test]
    fn rejects_an_undeclared_failure() -> Result<()> {
        let lack =
            "{what: w, since: '1.38', remedy: r, tests: ['native::'], shows: metrics_namespace}";
        let found = faults(lack, Version::new(1, 38))?;
        ensure!(
            found == ["native::b failed:\nError: unknown field: metrics_namespace\n\n\n"],
            "{found:?}"
        );
        Ok(())
    }

    #[test]
    fn rejects_a_lack_that_is_not_there() -> Result<()> {
        let lack = "{what: w, since: '1.40', remedy: r, tests: ['reload::', 'native::'], shows: metrics_namespace}";
        let found = faults(lack, Version::new(1, 39))?;
        ensure!(
            found == ["reload::a passed, but w is declared as lacking: correct `since`"],
            "{found:?}"
        );
        Ok(())
    }

    #[test]
    fn rejects_a_failure_for_another_reason() -> Result<()> {
        let lack = "{what: w, since: '1.40', remedy: r, tests: ['native::'], shows: filter_chain}";
        let found = faults(lack, Version::new(1, 39))?;
        ensure!(
            found.len() == 1 && found.concat().contains("without \"filter_chain\""),
            "{found:?}"
        );
        Ok(())
    }

    #[test]
    fn rejects_a_name_without_a_test() -> Result<()> {
        let lack = "{what: w, since: '1.37', remedy: r, tests: ['native::', 'gone::'], shows: x}";
        let found = faults(lack, Version::new(1, 40))?;
        ensure!(found.first().is_some_and(|fault| fault.starts_with("gone::")), "{found:?}");
        Ok(())
    }

    #[test]
    fn rejects_output_without_tests() {
        assert!(Outcomes::read("error: could not compile").is_err());
    }

    #[test]
    fn rejects_the_output_of_a_crash() {
        assert!(Outcomes::read("running 2 tests\ntest reload::a ... ok\n").is_err());
    }
}
