//! The outcome of a case.

use std::io::Write;

use anyhow::Result;
use serde_json::{Value, json};

/// The outcome of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CaseOutcome {
    /// The file.
    pub(super) file: String,
    /// The name of the case.
    pub(super) name: String,
    /// The differences, one a line, and the decision behind them.
    pub(super) failures: Vec<String>,
    /// The assumptions of the run.
    pub(super) remarks: Vec<String>,
}

impl CaseOutcome {
    pub(super) fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }
}

/// Writes outcomes as a list of objects.
pub(super) fn write_json(outcomes: &[CaseOutcome], out: &mut dyn Write) -> Result<()> {
    let object = |outcome: &CaseOutcome| {
        json!({
            "file": outcome.file,
            "name": outcome.name,
            "passed": !outcome.has_failed(),
            "failures": outcome.failures,
            "remarks": outcome.remarks,
        })
    };
    let all: Vec<Value> = outcomes.iter().map(object).collect();
    Ok(writeln!(out, "{:#}", Value::from(all))?)
}
