//! Case files.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use novasphere_cases::Case;
use novasphere_harness::paths::repository;

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The file name without `.yaml`.
    pub topic: String,
    /// The path from the repository root, for messages.
    pub path: String,
    /// The cases in the file.
    pub cases: Vec<Case>,
}

/// The case files of a filter, in alphabetical order.
///
/// # Errors
/// If no file exists, or a file is malformed.
pub fn files(filter: &str) -> Result<Vec<CaseFile>> {
    let name = format!("tests/cases/{filter}");
    let dir = repository().join(&name);
    let entries = fs::read_dir(&dir).with_context(|| format!("{name}: no cases"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    ensure!(!paths.is_empty(), "{name}: no cases");
    paths.iter().map(|path| read(path, &name)).collect()
}

fn read(path: &std::path::Path, dir: &str) -> Result<CaseFile> {
    let topic = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = format!("{dir}/{topic}.yaml");
    let text = fs::read_to_string(path).with_context(|| name.clone())?;
    let cases: Vec<Case> = serde_yaml_ng::from_str(&text).with_context(|| name.clone())?;
    ensure!(!cases.is_empty(), "{name}: no cases");
    for (i, case) in cases.iter().enumerate() {
        let earlier = cases.iter().take(i).any(|other| other.name == case.name);
        ensure!(!earlier, "{name}: duplicate case name {:?}", case.name);
        ensure!(!case.config.is_null(), "{name}: {:?} has no config", case.name);
    }
    Ok(CaseFile { topic, path: name, cases })
}
