//! Text for people: each finding with its line.

use std::io::Write;

use anyhow::Result;
use codespan_reporting::{
    diagnostic::{Diagnostic, Label, Severity as Shown},
    files::SimpleFiles,
    term::{self, Config},
};
use termcolor::Buffer;

use super::{counted, secrets};
use crate::{
    finding::{Finding, Severity},
    found::Project,
};

pub(super) fn write(
    findings: &[&Finding],
    project: &Project,
    colours: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let mut files = SimpleFiles::new();
    for (index, file) in project.files.iter().enumerate() {
        files.add(file.name.as_str(), secrets::masked(index, project));
    }
    let mut buffer = if colours { Buffer::ansi() } else { Buffer::no_color() };
    for finding in findings {
        let diagnostic = diagnostic(finding);
        term::emit_to_write_style(&mut buffer, &Config::default(), &files, &diagnostic)?;
    }
    out.write_all(buffer.as_slice())?;
    writeln!(out, "{}", summary(findings, project))?;
    Ok(())
}

fn diagnostic(finding: &Finding) -> Diagnostic<usize> {
    let severity = match finding.code.severity {
        Severity::Error => Shown::Error,
        Severity::Warning => Shown::Warning,
        Severity::Note => Shown::Note,
    };
    let labels = finding.place.iter().map(|place| Label::primary(place.file, place.span.clone()));
    let mut notes = finding.notes.clone();
    if finding.fix.is_some() {
        notes.push("--fix can change this".to_owned());
    }
    Diagnostic::new(severity)
        .with_code(finding.code.id)
        .with_message(&finding.message)
        .with_labels(labels.collect())
        .with_notes(notes)
}

/// `3 filters in 2 files: 1 error, 2 warnings`.
fn summary(findings: &[&Finding], project: &Project) -> String {
    let of = |severity| findings.iter().filter(|f| f.code.severity == severity).count();
    let counts =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .into_iter()
            .map(|(severity, name)| (of(severity), name))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| counted(count, name))
            .collect::<Vec<_>>();
    let result = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    let filters = counted(project.filters.len(), "filter");
    format!("{filters} in {}: {result}", counted(project.files.len(), "file"))
}
