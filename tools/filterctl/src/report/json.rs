//! JSON: a list of objects.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;

use super::position;
use crate::{finding::Finding, found::Project};

/// One finding. Lines and columns count from 1.
#[derive(Serialize)]
struct Entry<'f> {
    code: &'f str,
    severity: &'f str,
    message: &'f str,
    file: &'f str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    notes: &'f [String],
    fixable: bool,
}

pub(super) fn write(findings: &[&Finding], project: &Project, out: &mut dyn Write) -> Result<()> {
    let entries: Vec<Entry<'_>> = findings
        .iter()
        .map(|finding| {
            let (file, start, end) = position::of(finding, project);
            Entry {
                code: finding.code.id,
                severity: finding.code.severity.name(),
                message: &finding.message,
                file,
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                notes: &finding.notes,
                fixable: finding.fix.is_some(),
            }
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &entries)?;
    writeln!(out)?;
    Ok(())
}
