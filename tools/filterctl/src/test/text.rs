//! Outcomes for people.

use std::io::Write;

use anyhow::Result;

use super::outcome::CaseOutcome;
use crate::report::counted;

/// Writes the failed cases, and the number of all.
pub(super) fn write(outcomes: &[CaseOutcome], out: &mut dyn Write) -> Result<()> {
    let failed: Vec<&CaseOutcome> = outcomes.iter().filter(|o| o.has_failed()).collect();
    for outcome in &failed {
        writeln!(out, "FAILED {}: {}", outcome.file, outcome.name)?;
        for failure in &outcome.failures {
            writeln!(out, "  {failure}")?;
        }
        writeln!(out)?;
    }
    let mut remarks: Vec<&str> =
        outcomes.iter().flat_map(|o| &o.remarks).map(String::as_str).collect();
    remarks.sort_unstable();
    remarks.dedup();
    for remark in remarks {
        writeln!(out, "note: {remark}")?;
    }
    let passed = outcomes.len().saturating_sub(failed.len());
    writeln!(out, "{}: {passed} passed, {} failed", counted(outcomes.len(), "case"), failed.len())?;
    Ok(())
}
