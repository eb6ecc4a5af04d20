//! SARIF 2.1.0, the format of code scanning.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

use super::position;
use crate::{
    finding::{Code, Finding, Severity, all},
    found::Project,
};

pub(super) fn write(findings: &[&Finding], project: &Project, out: &mut dyn Write) -> Result<()> {
    let rules = all();
    let used: Vec<&Code> =
        rules.into_iter().filter(|code| findings.iter().any(|f| f.code.id == code.id)).collect();
    let results: Vec<Value> =
        findings.iter().map(|finding| result(finding, &used, project)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "filterctl",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": used.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)?;
    Ok(())
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.why},
        "help": {"text": code.remedy},
        "defaultConfiguration": {"level": level(code.severity)},
    })
}

fn result(finding: &Finding, rules: &[&Code], project: &Project) -> Value {
    let (file, start, end) = position::of(finding, project);
    let text: Vec<&str> =
        std::iter::once(&finding.message).chain(&finding.notes).map(String::as_str).collect();
    json!({
        "ruleId": finding.code.id,
        "ruleIndex": rules.iter().position(|code| code.id == finding.code.id),
        "level": level(finding.code.severity),
        "message": {"text": text.join("\n")},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": file},
            "region": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
        }}],
    })
}

const fn level(severity: Severity) -> &'static str {
    severity.name()
}
