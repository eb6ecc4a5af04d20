//! The requests of all cases.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use novasphere_cases::{Case, Sent};
use novasphere_harness::{latin1, paths::repository};

use crate::head::{Head, Version};

/// Reads the requests of `tests/cases`. Tokens remain as `${name}`.
pub(crate) fn load() -> Result<Vec<Head>> {
    let mut heads = Vec::new();
    for file in files(&repository().join("tests/cases"))? {
        let text = fs::read_to_string(&file)?;
        let cases: Vec<Case> =
            serde_yaml_ng::from_str(&text).with_context(|| file.display().to_string())?;
        for exchange in cases.iter().flat_map(|case| &case.exchanges) {
            heads.push(head(&exchange.request)?);
        }
    }
    ensure!(heads.len() > 500, "only {} requests in tests/cases", heads.len());
    Ok(heads)
}

fn head(sent: &Sent) -> Result<Head> {
    let mut head = Head::get(Version::Http1, "");
    head.method = latin1::bytes(&sent.method)?;
    head.target = latin1::bytes(&sent.path)?;
    for (name, value) in &sent.headers.0 {
        head.line(latin1::bytes(name)?, latin1::bytes(value)?);
    }
    Ok(head)
}

/// The files of all filters, sorted.
fn files(cases: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for filter in fs::read_dir(cases)? {
        let filter = filter?.path();
        for file in
            filter.is_dir().then(|| fs::read_dir(&filter)).transpose()?.into_iter().flatten()
        {
            files.push(file?.path());
        }
    }
    files.sort();
    Ok(files)
}
