//! Links lead to existing files and headings, and links between pages of the book stay in the book.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use novasphere_site::{page::Page, site};

/// The folders and files that `make docs` copies into the book besides Markdown files.
const COPIED: &str = "docs/* filters/*.rs host-config/* deploy/*.yaml";

#[test]
fn links_lead_to_files_and_headings() -> Result<()> {
    let files = site::files()?;
    let pages: BTreeMap<String, Page> =
        site::markdown()?.into_iter().map(|page| (page.path.clone(), page)).collect();
    let mut broken = Vec::new();
    for page in pages.values() {
        for link in page.links.iter().filter(|link| is_relative(link)) {
            if let Some(fault) = fault(page, link, &files, &pages) {
                broken.push(format!("{}: {link}: {fault}", page.path));
            }
        }
    }
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

fn is_relative(link: &str) -> bool {
    !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:")
}

fn fault(
    page: &Page,
    link: &str,
    files: &BTreeSet<String>,
    pages: &BTreeMap<String, Page>,
) -> Option<&'static str> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.path.clone(),
        path => site::joined(&page.path, path),
    };
    let folder = format!("{target}/");
    let is_folder = files.iter().any(|file| file.starts_with(&folder));
    if !files.contains(&target) && !is_folder {
        return Some("no such file");
    }
    let other = pages.get(&target).filter(|_| !anchor.is_empty())?;
    (!other.anchors.contains(anchor)).then_some("no such heading")
}

/// Readers open the book on a web server, which has only the files of the book.
#[test]
fn links_of_the_book_stay_in_the_book() -> Result<()> {
    let book = site::book()?;
    let chapters: BTreeSet<&str> = book.iter().map(|page| page.path.as_str()).collect();
    let mut broken = Vec::new();
    for page in &book {
        for link in page.links.iter().filter(|link| is_relative(link) && !link.starts_with('#')) {
            let target = site::joined(&page.path, link.split('#').next().unwrap_or_default());
            let is_there = match target.ends_with(".md") {
                true => chapters.contains(target.as_str()),
                false => is_copied(&target),
            };
            if !is_there {
                broken.push(format!("{}: {link}", page.path));
            }
        }
    }
    ensure!(broken.is_empty(), "not in docs/SUMMARY.md, or a folder:\n{}", broken.join("\n"));
    Ok(())
}

fn is_copied(target: &str) -> bool {
    let is_file = target.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let listed =
        ["tests/known-differences.yaml", "tools/explain/src/lib.rs", "tools/playground/src/lib.rs"];
    let in_folder = COPIED.split(' ').any(|pattern| {
        let (folder, ending) = pattern.split_once('*').unwrap_or((pattern, ""));
        target.starts_with(folder) && target.ends_with(ending)
    });
    is_file && (in_folder || listed.contains(&target))
}

#[test]
fn make_copies_the_same_files() -> Result<()> {
    let makefile =
        std::fs::read_to_string(novasphere_harness::paths::repository().join("Makefile"))?;
    let list = makefile.split("BOOK_FILES := ").nth(1).context("no BOOK_FILES")?;
    for pattern in COPIED.split(' ') {
        ensure!(list.contains(&format!("'{pattern}'")), "BOOK_FILES lacks {pattern}");
    }
    Ok(())
}

#[test]
fn every_page_of_the_docs_is_in_the_book() -> Result<()> {
    let book: BTreeSet<String> = site::book()?.into_iter().map(|page| page.path).collect();
    let mut missing = site::files()?;
    missing.retain(|file| {
        let is_page = file.starts_with("docs/") && file.ends_with(".md") && file != site::SUMMARY;
        is_page && !book.contains(file)
    });
    ensure!(missing.is_empty(), "not in docs/SUMMARY.md: {missing:?}");
    Ok(())
}
