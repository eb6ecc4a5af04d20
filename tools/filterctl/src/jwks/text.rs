//! The verdict for people.

use std::io::Write;

use anyhow::Result;

use super::verdict::{KeyVerdict, Severity, Verdict};

pub(super) fn write(verdict: &Verdict, out: &mut dyn Write) -> Result<()> {
    for key in &verdict.keys {
        write_key(key, out)?;
    }
    for warning in &verdict.warnings {
        writeln!(out, "error: {warning}")?;
    }
    if let Some(fault) = &verdict.fault {
        writeln!(out, "error: {fault}")?;
    }
    let used = verdict.keys.iter().filter(|key| key.facts.is_some()).count();
    let total = verdict.keys.len();
    writeln!(out, "{used} of {total} {} usable", if total == 1 { "key is" } else { "keys are" })?;
    Ok(())
}

fn write_key(key: &KeyVerdict, out: &mut dyn Write) -> Result<()> {
    let mut head = if key.path.is_empty() { "the key".to_owned() } else { key.path.clone() };
    if let Some(kid) = &key.kid {
        head.push_str(&format!(" {kid:?}"));
    }
    if let Some(facts) = &key.facts {
        let algorithms = facts.algorithms.join(", ");
        head.push_str(&format!(": {} of {} bits, for {algorithms}", facts.kind, facts.bits));
    }
    let mark = match (&key.facts, key.severity) {
        (_, Severity::Error) => "error",
        (Some(_), _) => "ok",
        (None, _) => "unused",
    };
    writeln!(out, "{mark:6} {head}")?;
    if let Some(thumbprint) = &key.thumbprint {
        writeln!(out, "       thumbprint {thumbprint}")?;
    }
    for message in &key.messages {
        writeln!(out, "       {message}")?;
    }
    Ok(())
}
