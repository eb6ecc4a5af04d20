//! The built modules.

use std::fs;

use anyhow::{Context, Result};
use novasphere_harness::paths;

/// The modules of `dist` and their sizes in bytes.
///
/// # Errors
/// If the modules are not built.
pub(crate) fn sizes() -> Result<Vec<(String, u64)>> {
    let dist = paths::dist("SHA256SUMS")?;
    let mut sizes = Vec::new();
    for entry in fs::read_dir(dist.parent().context("dist")?)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".wasm") {
            sizes.push((name, entry.metadata()?.len()));
        }
    }
    sizes.sort();
    Ok(sizes)
}
