//! `filterctl init`: complete configurations to start from.
//!
//! - `options`: the options, checked;
//! - `provider`: the issuers, audiences and claims of identity providers;
//! - `jwt_auth`: the configuration of jwt-auth for a provider;
//! - `hosts`: the files for each host.

mod hosts;
mod jwt_auth;
mod options;
mod provider;

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, Result, bail};

pub use self::options::Args;
use self::{hosts::OutputFile, options::Settings};
use crate::cli::Outcome;

/// Runs the command.
///
/// # Errors
/// If an option is invalid, or a file exists or cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let files = hosts::files(&Settings::new(args)?);
    match (&args.out, files.as_slice()) {
        (Some(directory), files) => {
            for file in files {
                write_new(directory, file)?;
                writeln!(out, "{}", Path::new(directory).join(file.name).display())?;
            }
        }
        (None, [file]) => write!(out, "{}", file.text)?,
        (None, files) => {
            let names: Vec<&str> = files.iter().map(|file| file.name).collect();
            bail!("this host needs several files, {}; add --out DIR", names.join(" and "));
        }
    }
    Ok(Outcome::Success)
}

/// Writes a file that does not exist yet.
fn write_new(directory: &str, file: &OutputFile) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| directory.to_owned())?;
    let path = Path::new(directory).join(file.name);
    let opened = fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let mut opened = match opened {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists; give another directory", path.display())
        }
        other => other.with_context(|| path.display().to_string())?,
    };
    opened.write_all(file.text.as_bytes()).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests;
