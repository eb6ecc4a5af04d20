//! Workflow commands of GitHub Actions.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::Write;

use anyhow::Result;

use super::position;
use crate::{
    finding::{Finding, Severity},
    found::Project,
};

pub(super) fn write(findings: &[&Finding], project: &Project, out: &mut dyn Write) -> Result<()> {
    for finding in findings {
        let (file, start, end) = position::of(finding, project);
        let command = match finding.code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let lines: Vec<&str> =
            std::iter::once(&finding.message).chain(&finding.notes).map(String::as_str).collect();
        let message = data(&lines.join("\n"));
        let (file, code) = (property(file), finding.code.id);
        let (line, column) = (start.line, start.column);
        // GitHub accepts an end column only on the same line.
        let end = if end.line == line && end.column > column {
            format!(",endColumn={}", end.column)
        } else {
            String::new()
        };
        writeln!(
            out,
            "::{command} file={file},line={line},col={column}{end},title={code}::{message}"
        )?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
