//! `tests/known-differences.yaml`: cases with another result on a host, and the reason.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use serde::Deserialize;

use super::{Case, CaseFile};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownDifferences {
    /// nginx adds a newline to the bodies of local responses.
    pub(super) added_newline: String,
    /// On nginx, a removed header reaches the upstream with an empty value.
    pub(super) emptied_headers: String,
    cases: Vec<KnownDifference>,
}

/// A case, or all cases of a file, and all differences.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownDifference {
    /// The host.
    host: String,
    /// The file below `tests/cases`, without `.yaml`.
    file: String,
    /// The names of the cases. Empty for the whole file.
    #[serde(default)]
    cases: Vec<String>,
    /// The numbers of the differing exchanges, with all differences of each.
    #[serde(default)]
    exchanges: BTreeMap<usize, Vec<String>>,
    /// Alternatively, the fault for which the host rejects the configuration.
    pub(super) refused: Option<String>,
    /// The reason.
    reason: String,
}

const FILE: &str = "tests/known-differences.yaml";

impl KnownDifferences {
    /// Reads all entries.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn read() -> Result<Self> {
        let text = fs::read_to_string(repository().join(FILE)).context(FILE)?;
        serde_yaml_ng::from_str(&text).context(FILE)
    }

    /// The entries of a host for one filter.
    ///
    /// # Errors
    /// If an entry states no difference or matches no case.
    pub(super) fn of(host: &str, filter: &str, files: &[CaseFile]) -> Result<Self> {
        let mut known = Self::read()?;
        let of_filter = |file: &str| file.split('/').next() == Some(filter);
        known.cases.retain(|entry| entry.host == host && of_filter(&entry.file));
        for entry in &known.cases {
            let file = files.iter().find(|file| entry.file == format!("{filter}/{}", file.topic));
            let file = file.with_context(|| format!("{FILE}: no file {}", entry.file))?;
            for case in &entry.cases {
                let found = file.cases.iter().any(|known| known.name == *case);
                ensure!(found, "{FILE}: no case {case:?} in {}", entry.file);
            }
            let says_something = entry.refused.is_some() == entry.exchanges.is_empty();
            ensure!(says_something && !entry.reason.is_empty(), "{FILE}: {entry:?}");
        }
        Ok(known)
    }

    /// The known differences of a case.
    pub(super) fn find(&self, filter: &str, topic: &str, case: &Case) -> Option<&KnownDifference> {
        self.cases.iter().find(|entry| {
            let is_named = entry.cases.is_empty() || entry.cases.contains(&case.name);
            entry.file == format!("{filter}/{topic}") && is_named
        })
    }
}

/// Whether a host rejects the configuration of a case. The file has the fault for Traefik, and the
/// status 500 for nginx.
///
/// # Errors
/// If the file of known differences cannot be read.
pub fn is_rejected(host: &str, filter: &str, file: &CaseFile, case: &Case) -> Result<bool> {
    let mut known = KnownDifferences::read()?;
    known.cases.retain(|entry| entry.host == host);
    let entry = known.find(filter, &file.topic, case);
    let has_500 = |entry: &KnownDifference| entry.speaks_of("got 500 ()");
    Ok(entry.is_some_and(|entry| entry.refused.is_some() || has_500(entry)))
}

impl KnownDifference {
    /// All differences of an exchange, by its number.
    pub(super) fn of_exchange(&self, number: usize) -> &[String] {
        self.exchanges.get(&number).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a difference mentions `text`.
    pub(super) fn speaks_of(&self, text: &str) -> bool {
        self.exchanges.values().flatten().any(|line| line.contains(text))
    }
}

/// Whether `found` equals the known difference. A known line that ends in `…` matches by its start.
pub(super) fn is_as_known(found: &[String], known: &[String]) -> bool {
    let same = |(found, known): (&String, &String)| match known.strip_suffix('…') {
        Some(start) => found.starts_with(start),
        None => found == known,
    };
    found.len() == known.len() && found.iter().zip(known).all(same)
}
