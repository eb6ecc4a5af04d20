//! The counts and their limits.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use novasphere_harness::paths;
use serde::{Deserialize, Serialize};

/// Counts by filter, case and stage; sizes by artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// Size of each module in bytes.
    pub(crate) bytes: BTreeMap<String, u64>,
    /// By filter and case.
    pub(crate) cases: BTreeMap<String, BTreeMap<String, Stages>>,
}

/// Instructions in each stage, and `calls`: the host calls in all stages.
pub(crate) type Stages = BTreeMap<String, u64>;

const FILE: &str = "tests/bench/counts.json";

impl Counts {
    /// Reads the recorded counts.
    ///
    /// # Errors
    /// If the file is missing or invalid.
    pub(crate) fn read() -> Result<Self> {
        let text = fs::read_to_string(paths::repository().join(FILE)).context(FILE)?;
        serde_json::from_str(&text).context(FILE)
    }

    /// Records these counts.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(paths::repository().join(FILE), text + "\n").context(FILE)
    }

    /// Every count that grew by more than compiler noise, appeared or disappeared.
    pub(crate) fn grown(&self, now: &Self) -> Vec<String> {
        let (old, new) = (self.lines(), now.lines());
        let gone = old.keys().filter(|name| !new.contains_key(*name));
        let mut faults: Vec<_> = gone.map(|name| format!("{name}: is gone")).collect();
        for (name, (now, percent)) in &new {
            match old.get(name) {
                None => faults.push(format!("{name}: is new")),
                Some((before, _)) if now * 100 > before * (100 + percent) => {
                    faults.push(format!("{name}: {now}, more than {before} + {percent}%"));
                }
                Some(_) => {}
            }
        }
        faults
    }

    /// All counts by name, with the allowed growth in percent.
    fn lines(&self) -> BTreeMap<String, (u64, u64)> {
        let sizes =
            self.bytes.iter().map(|(name, bytes)| (format!("bytes of {name}"), (*bytes, 2)));
        let stages = self.cases.iter().flat_map(|(filter, cases)| {
            cases.iter().flat_map(move |(case, stages)| {
                let name = move |stage: &String| format!("{filter}, {case}: {stage}");
                stages.iter().map(move |(stage, count)| (name(stage), (*count, 5)))
            })
        });
        sizes.chain(stages).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(bytes: u64, instructions: u64) -> Counts {
        let stages = Stages::from([("request".to_owned(), instructions)]);
        let cases = BTreeMap::from([("warm".to_owned(), stages)]);
        Counts {
            bytes: BTreeMap::from([("a.wasm".to_owned(), bytes)]),
            cases: BTreeMap::from([("a".to_owned(), cases)]),
        }
    }

    #[test]
    fn reports_counts_that_grew() {
        let old = counts(1000, 1000);
        let none: [&str; 0] = [];
        assert_eq!(old.grown(&counts(1020, 1050)), none);
        assert_eq!(old.grown(&counts(500, 500)), none);
        assert_eq!(
            old.grown(&counts(1021, 1051)),
            [
                "a, warm: request: 1051, more than 1000 + 5%",
                "bytes of a.wasm: 1021, more than 1000 + 2%",
            ]
        );
        let mut gone = counts(1000, 1000);
        gone.bytes.clear();
        assert_eq!(old.grown(&gone), ["bytes of a.wasm: is gone"]);
        assert_eq!(gone.grown(&old), ["bytes of a.wasm: is new"]);
    }
}
