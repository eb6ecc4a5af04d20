//! `filterctl jwks`: key sets as the filter reads them.
//!
//! - `verdict`: the verdict about each key;
//! - `text`: the verdict for people.

mod text;
mod verdict;

use std::io::{self, Read, Write};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use self::verdict::{KeyVerdict, Severity, Verdict};
use crate::cli::Outcome;

/// Check key sets and keys.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check a key set (JWKS), a JSON Web Key or a public key as PEM text.
    ///
    /// Each key is usable, or has the reason why jwt-auth does not use it. The exit code is 1 if a
    /// private key or a secret is published, if a key is invalid, or if no key is usable.
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// The file, or - for the standard input.
    file: String,
    /// The `issuer` in the configuration. Matters only for key sets of many tenants.
    #[arg(long, default_value = "https://issuer.example")]
    issuer: String,
    /// An algorithm that the configuration allows in `algorithms`. May repeat. Default: the default of
    /// the field.
    #[arg(long = "algorithm", value_name = "NAME")]
    algorithms: Vec<String>,
    /// The format of the output.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object with all keys.
    Json,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read or an option is invalid.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let Command::Check(args) = &args.command;
    let input = read(&args.file)?;
    let allowed: Vec<&str> = args.algorithms.iter().map(String::as_str).collect();
    if let Some(unknown) = allowed.iter().find(|name| !ALGORITHMS.contains(name)) {
        bail!("--algorithm: {unknown:?} is not one of {}", ALGORITHMS.join(", "));
    }
    let allowed = (!allowed.is_empty()).then_some(allowed.as_slice());
    let verdict = Verdict::of(&input, &args.issuer, allowed)?;
    match args.output {
        Format::Text => text::write(&verdict, out)?,
        Format::Json => writeln!(out, "{:#}", to_json(&verdict))?,
    }
    let is_clean = verdict.severity() < Severity::Error;
    Ok(if is_clean { Outcome::Success } else { Outcome::Findings })
}

/// The names of the algorithms that key sets can have.
const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

fn read(path: &str) -> Result<Vec<u8>> {
    if path != "-" {
        return std::fs::read(path).with_context(|| path.to_owned());
    }
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes).context("standard input")?;
    Ok(bytes)
}

fn to_json(verdict: &Verdict) -> Value {
    let key = |key: &KeyVerdict| {
        json!({
            "path": key.path,
            "kid": key.kid,
            "severity": key.severity.name(),
            "usable": key.facts.is_some(),
            "type": key.facts.as_ref().map(|facts| facts.kind),
            "bits": key.facts.as_ref().map(|facts| facts.bits),
            "algorithms": key.facts.as_ref().map(|facts| facts.algorithms.clone()),
            "thumbprint": key.thumbprint,
            "messages": key.messages,
        })
    };
    json!({
        "usable": verdict.fault.is_none(),
        "fault": verdict.fault,
        "warnings": verdict.warnings,
        "keys": verdict.keys.iter().map(key).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
