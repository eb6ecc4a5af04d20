//! Changes of files that remove findings.

use std::{fs, io::Write};

use anyhow::{Context, Result};
use novasphere_core::Fault;
use novasphere_explain::Environment;
use similar::TextDiff;

use crate::{
    cli::Outcome,
    finding::{Fix, Severity},
    found::{Found, Place, Project},
    report::{counted, masked},
    source::{Content, File, Node, Style},
};

/// The change that removes a fault, if the fault's message contains a certain remedy.
pub(super) fn of(fault: &Fault, filter: &Found) -> Option<Fix> {
    let root = &filter.config.node;
    let place = |span| Place { file: filter.place.file, span };
    let (_, remedy) = fault.message.split_once("; ")?;
    if let Some(rest) = remedy.strip_prefix("did you mean \"") {
        let name = rest.strip_suffix("\"?")?;
        let (parent, field) = parent(root, &fault.path)?;
        let (key, _) = parent.member(field)?;
        // Text with escape sequences has no exact position.
        let is_certain = parent.get(name).is_none() && is_exact(key, field);
        return is_certain
            .then(|| Fix { place: place(key.span.clone()), text: requoted(key, name) });
    }
    let value = root.find(&fault.path)?;
    let Content::Scalar { text, style } = &value.content else { return None };
    if !is_exact(value, text) {
        return None;
    }
    let new = if let Some(rest) = remedy.strip_prefix("write it in quotes: ") {
        (*style == Style::Plain).then(|| rest.to_owned())?
    } else if remedy.ends_with(" without quotes") {
        text.clone()
    } else {
        // `write ["authorization"]`. A form with `…` or `<iss>` is only an example.
        let list = remedy.strip_prefix("write ")?;
        let is_example = list.contains(['…', '<']) || !list.starts_with("[\"");
        (!is_example && list.contains(text.as_str())).then(|| list.to_owned())?
    };
    Some(Fix { place: place(value.span.clone()), text: new })
}

/// The object that has the field at `path`, and the field's name.
fn parent<'n, 'p>(root: &'n Node, path: &'p str) -> Option<(&'n Node, &'p str)> {
    match path.rsplit_once('.') {
        Some((outer, name)) => Some((root.find(outer)?, name)),
        None => Some((root, path)),
    }
}

/// Whether the span of a scalar contains exactly its text and its quotes.
fn is_exact(scalar: &Node, text: &str) -> bool {
    let quotes = match scalar.content {
        Content::Scalar { style: Style::Plain, .. } => 0,
        Content::Scalar { style: Style::Quoted, .. } => 2,
        _ => return false,
    };
    scalar.span.len() == text.len().saturating_add(quotes)
}

fn requoted(key: &Node, name: &str) -> String {
    match key.content {
        Content::Scalar { style: Style::Quoted, .. } => format!("\"{name}\""),
        _ => name.to_owned(),
    }
}

/// Prints the changes as a diff without secrets, and applies them if `write`. `read` reads the
/// changed files again, because a field whose name was corrected may have a wrong value.
pub(super) fn run(
    project: &Project,
    environment: &Environment,
    read: impl Fn(Vec<File>) -> Project,
    write: bool,
    out: &mut dyn Write,
) -> Result<Outcome> {
    let findings = super::findings(project, environment);
    let mut fixed: usize = 0;
    let mut changed = Vec::new();
    for (index, file) in project.files.iter().enumerate() {
        let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
        let mut fixes: Vec<&Fix> = fixes.filter(|fix| fix.place.file == index).collect();
        fixes.sort_by_key(|fix| std::cmp::Reverse(fix.place.span.start));
        // An alias is one place with several findings.
        fixes.dedup_by_key(|fix| fix.place.span.clone());
        let mut text = file.text.clone();
        for fix in &fixes {
            text.replace_range(fix.place.span.clone(), &fix.text);
        }
        fixed = fixed.saturating_add(fixes.len());
        if write && !fixes.is_empty() {
            fs::write(&file.name, &text).with_context(|| file.name.clone())?;
        }
        changed.push(File::new(&file.name, text));
    }
    let changed = read(changed);
    for (index, file) in project.files.iter().enumerate() {
        let (old, new) = (masked(index, project), masked(index, &changed));
        let diff = TextDiff::from_lines(&old, &new);
        write!(out, "{}", diff.unified_diff().header(&file.name, &file.name))?;
    }
    let left = super::findings(&changed, environment);
    let rest = left.iter().filter(|finding| finding.code.severity > Severity::Note).count();
    let applied = if write { "changed" } else { "to change; apply them with --write" };
    writeln!(out, "{} {applied}; {} left", counted(fixed, "place"), counted(rest, "finding"))?;
    Ok(if rest == 0 && (write || fixed == 0) { Outcome::Success } else { Outcome::Findings })
}
