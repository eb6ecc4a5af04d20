//! Findings in the formats of terminals, programs, code scanning and GitHub's log.

mod github;
mod json;
mod position;
mod sarif;
mod secrets;
mod text;

use std::io::{self, IsTerminal, Write};

use anyhow::Result;

pub use self::{
    position::{Position, position},
    secrets::{masked, masked_yaml},
};
use crate::{
    finding::Finding,
    found::{Place, Project},
};

/// A format of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: each finding with its line.
    #[default]
    Text,
    /// A list of objects.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions, which annotate the lines of a pull request.
    Github,
}

/// Writes findings, sorted by place.
///
/// # Errors
/// If writing fails.
pub fn write(
    format: Format,
    findings: &[Finding],
    project: &Project,
    out: &mut dyn Write,
) -> Result<()> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        (place.map(|place| (place.file, place.span.start)), finding.code.id)
    });
    match format {
        Format::Text => text::write(&sorted, project, has_colours(), out),
        Format::Json => json::write(&sorted, project, out),
        Format::Sarif => sarif::write(&sorted, project, out),
        Format::Github => github::write(&sorted, project, out),
    }
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, name: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

/// `file:line:column` of a place.
pub fn written_place(place: &Place, project: &Project) -> String {
    let Some(file) = project.files.get(place.file) else { return String::new() };
    let start = position(&file.text, place.span.start);
    format!("{}:{}:{}", file.name, start.line, start.column)
}

/// Whether the standard output is a terminal that shows colours. <https://no-color.org>
pub fn has_colours() -> bool {
    let is_off = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !is_off
}
