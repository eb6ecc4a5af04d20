//! The checks across filters and host, on the shipped files and on changes of them.

mod bad;
mod broken;
mod good;
mod routers;
mod shipped;

use std::{fs, path::PathBuf};

use novasphere_explain::Environment;

use crate::{
    check,
    finding::{Finding, Severity},
    found::Project,
    source::File,
};

/// A change of shipped files: the text to replace, and the new text.
type Edit = (&'static str, &'static str);

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn check(files: Vec<(String, String)>) -> Vec<Finding> {
    let files = files.into_iter().map(|(name, text)| File::new(&name, text)).collect();
    let environment = Environment { assume_missing: true, ..Environment::default() };
    check::findings(&Project::new(files), &environment)
}

/// The findings of files after changes. Each change must apply to one of the files.
fn changed(paths: &[&str], edits: &[Edit]) -> Vec<Finding> {
    let mut files: Vec<(String, String)> =
        paths.iter().map(|path| ((*path).to_owned(), read(path))).collect();
    for (old, new) in edits {
        let file = files.iter_mut().find(|(_, text)| text.contains(old));
        let Some((_, text)) = file else { panic!("{paths:?} do not contain {old:?}") };
        *text = text.replacen(old, new, 1);
    }
    check(files)
}

/// The codes of findings, without those about assumed variables and harmless facts.
fn codes(findings: &[Finding]) -> Vec<&'static str> {
    let mut codes: Vec<&str> = findings
        .iter()
        .map(|finding| finding.code.id)
        .filter(|id| !["NS022", "NS023"].contains(id))
        .collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn is_complaint(finding: &&Finding) -> bool {
    finding.code.severity != Severity::Note
}

/// Findings in a few words, for messages.
fn shown(findings: &[Finding]) -> Vec<String> {
    let findings = findings.iter().filter(|finding| !["NS022", "NS023"].contains(&finding.code.id));
    findings.map(|finding| format!("{} {}", finding.code.id, finding.message)).collect()
}
