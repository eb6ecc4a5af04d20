//! The files of the site.

use std::{collections::BTreeSet, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;

use crate::page::Page;

/// The table of contents.
pub const SUMMARY: &str = "docs/SUMMARY.md";

/// All files of the repository under version control, and new ones that are not ignored.
///
/// # Errors
/// If git fails.
pub fn files() -> Result<BTreeSet<String>> {
    let mut command = Command::new("git");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let output = command.current_dir(repository()).output().context("git")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout)?;
    let exist = files.lines().filter(|file| repository().join(file).is_file());
    Ok(exist.map(str::to_owned).collect())
}

/// All Markdown files.
///
/// # Errors
/// If one cannot be read.
pub fn markdown() -> Result<Vec<Page>> {
    let files = files()?;
    files.iter().filter(|file| file.ends_with(".md")).map(|file| Page::read(file)).collect()
}

/// The pages of the book, in its order.
///
/// # Errors
/// If one cannot be read.
pub fn book() -> Result<Vec<Page>> {
    let summary = Page::read(SUMMARY)?;
    let links = summary.links.iter().filter(|link| !link.is_empty());
    links.map(|link| Page::read(&joined(SUMMARY, link))).collect()
}

/// The target of a relative link in a file, from the repository's root.
pub fn joined(file: &str, link: &str) -> String {
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut parts: Vec<&str> = Vec::new();
    let path = folder.join(link);
    for part in path.to_str().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
