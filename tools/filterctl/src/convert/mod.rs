//! `filterctl convert`: from other configurations to the filters.
//!
//! - `from`: readers, one for each format;
//! - `model`: the configuration between the formats;
//! - `to`: writers, one for each format;
//! - `yaml`: documents to write;
//! - `report`: what became of each part of the input.

mod from;
mod model;
mod report;
mod to;
mod yaml;

use std::io::{self, Write};

use anyhow::{Result, bail};

pub use self::{
    from::Source,
    report::{Entry, Fate, Report, Variable},
    to::Target,
};
use crate::{cli::Outcome, found::Project, report::written_place};

/// Convert the configuration of a proxy's own plugins to the filters.
///
/// Writes the configuration to the standard output and the report to the standard error. Secrets of
/// the input are in neither: the output reads environment variables, and the report lists them. A
/// route is left out if a check of its requests cannot be converted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The format of the files.
    #[arg(value_enum)]
    from: Source,
    /// The files. `-` reads the standard input.
    #[arg(required = true)]
    files: Vec<String>,
    /// The format of the output.
    #[arg(long, value_enum)]
    to: Target,
}

/// A converted configuration.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The text of the configuration.
    pub text: String,
    /// What became of each part of the input.
    pub report: Report,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or has no routes.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let project = Project::read(&args.files)?;
    let conversion = convert(args.from, args.to, &project)?;
    out.write_all(conversion.text.as_bytes())?;
    conversion.report.write(&project, &mut io::stderr().lock())?;
    let is_complete = conversion.report.count(Fate::LeftOut) == 0;
    Ok(if is_complete { Outcome::Success } else { Outcome::Incomplete })
}

/// Converts all documents of a project.
///
/// # Errors
/// If a file is not YAML.
pub fn convert(from: Source, to: Target, project: &Project) -> Result<Conversion> {
    for (index, file) in project.files.iter().enumerate() {
        if let Some(error) = &file.error {
            let place = crate::found::Place { file: index, span: error.span.clone() };
            bail!("{}: {error}", written_place(&place, project));
        }
    }
    let mut report = Report::default();
    let gateway = from::read(from, project, &mut report);
    let text = to::write(to, &gateway, &mut report);
    report.variables.retain(|variable| text.contains(&variable.name));
    Ok(Conversion { text, report })
}
