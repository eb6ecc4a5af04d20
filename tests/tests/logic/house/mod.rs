//! Rules for the structure of the sources: import circles, layers and sizes.
//!
//! The scanner reads `use` declarations and paths that start with `crate`, `super` or `self`. It
//! follows re-exports to the file that defines a name. It does not expand macros.

mod circles;
mod imports;
mod layers;
mod sizes;
mod source;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths;

use self::source::{Crate, Source};

/// All packages below a folder of the repository.
fn crates(folder: &str) -> Result<Vec<Crate>> {
    let root = paths::repository();
    let mut found = Vec::new();
    find_crates(&root, &root.join(folder), &mut found)?;
    ensure!(!found.is_empty(), "no packages in {folder}");
    Ok(found)
}

fn find_crates(root: &Path, folder: &Path, found: &mut Vec<Crate>) -> Result<()> {
    if folder.join("Cargo.toml").exists() {
        found.push(Crate::read(root, folder)?);
    }
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let is_sources = ["src", "target", "node_modules"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_sources {
            find_crates(root, &path, found)?;
        }
    }
    Ok(())
}

/// All sources of the repository.
fn sources() -> Result<Vec<Source>> {
    let root = paths::repository();
    let mut sources = Vec::new();
    for folder in ["filters", "tests", "tools"] {
        source::read_all(&root, &root.join(folder), &mut sources)?;
    }
    Ok(sources)
}

/// Fails with all violations of a rule.
fn none(violations: Vec<String>, rule: &str) -> Result<()> {
    ensure!(violations.is_empty(), "{rule}:\n{}", violations.join("\n"));
    Ok(())
}
