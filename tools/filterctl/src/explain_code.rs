//! `filterctl explain-code`: why a kind of finding matters, and what to do.

use std::io::Write;

use anyhow::{Result, bail};

use crate::{cli::Outcome, finding};

/// Explain the code of a finding: why it matters, and what to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, such as NS012. Without one, lists all codes.
    code: Option<String>,
}

/// The width of a narrow terminal, in columns.
const WIDTH: usize = 80;

/// Runs the command.
///
/// # Errors
/// If the code does not exist.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let Some(id) = &args.code else {
        for code in finding::all() {
            writeln!(out, "{}  {:7}  {}", code.id, code.severity.name(), code.title)?;
        }
        return Ok(Outcome::Success);
    };
    let Some(code) = finding::find(id) else {
        bail!("unknown code {id:?}; `filterctl explain-code` lists all codes");
    };
    writeln!(out, "{} ({}): {}\n", code.id, code.severity.name(), code.title)?;
    let wrapped = |label, text| textwrap::fill(&format!("{label}: {text}"), WIDTH);
    writeln!(out, "{}\n\n{}", wrapped("Why", code.why), wrapped("What to do", code.remedy))?;
    Ok(Outcome::Success)
}
