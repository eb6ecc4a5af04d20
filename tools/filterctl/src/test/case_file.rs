//! Files of cases.

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow, bail, ensure};
use novasphere_cases::Case;
use novasphere_explain::FilterKind;

use crate::source::{File, Reader};

/// A file of cases.
#[derive(Clone, Debug)]
pub(super) struct CaseFile {
    /// The path as given.
    pub(super) path: String,
    pub(super) cases: Vec<Case>,
    /// The filter that the folder is named after.
    pub(super) filter: Option<FilterKind>,
}

/// Reads files, and all files in folders, in alphabetical order.
///
/// # Errors
/// If a file cannot be read, or has another format.
pub(super) fn read(paths: &[String]) -> Result<Vec<CaseFile>> {
    let mut files = Vec::new();
    for path in paths {
        if Path::new(path).is_dir() {
            let before = files.len();
            read_folder(Path::new(path), &mut files)?;
            ensure!(files.len() > before, "{path}: no files of cases (.yaml, .yml or .json)");
        } else {
            files.push(path.clone());
        }
    }
    files.iter().map(|path| read_file(path)).collect()
}

fn read_folder(folder: &Path, files: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let is_case = path.extension().is_some_and(|extension| {
            ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        });
        if path.is_dir() {
            read_folder(&path, files)?;
        } else if is_case {
            files.push(path.display().to_string());
        }
    }
    Ok(())
}

fn read_file(path: &str) -> Result<CaseFile> {
    let file = File::read(path)?;
    if let Some(error) = &file.error {
        bail!("{path}: {error}");
    }
    let [document] = file.documents.as_slice() else {
        bail!("{path}: expected one document with a list of cases, got {}", file.documents.len());
    };
    let serde_json::Value::Array(items) = Reader::Yaml.value(document) else {
        bail!("{path}: expected a list of cases: - name: ...");
    };
    let mut cases: Vec<Case> = Vec::with_capacity(items.len());
    for (i, item) in items.into_iter().enumerate() {
        let name = item.get("name").and_then(serde_json::Value::as_str).unwrap_or_default();
        let place = format!("{path}: case {} {name:?}", i.saturating_add(1));
        let case: Case =
            serde_json::from_value(item).map_err(|error| anyhow!("{place}: {error}"))?;
        let is_repeated = cases.iter().any(|other| other.name == case.name);
        ensure!(!is_repeated, "{place}: the name is repeated");
        cases.push(case);
    }
    ensure!(!cases.is_empty(), "{path}: no cases");
    let folder = Path::new(path).parent().and_then(Path::file_name);
    let filter = folder.and_then(|name| FilterKind::from_name(&name.to_string_lossy()));
    Ok(CaseFile { path: path.to_owned(), cases, filter })
}
