//! `filterctl version`.

use std::{fs, io::Write};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{
    digest,
    module::{Host, Module},
};
use crate::cli::Outcome;

/// Show the filter, version, commit and host of built modules.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The modules, such as novasphere-gateway.wasm.
    #[arg(required = true)]
    files: Vec<String>,
    /// The format of the output.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A list of objects.
    Json,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or is not a module for a proxy.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut all = Vec::new();
    for (index, path) in args.files.iter().enumerate() {
        let bytes = fs::read(path).with_context(|| path.clone())?;
        let module = Module::parse(&bytes).with_context(|| path.clone())?;
        if module.contradiction().is_some() {
            outcome = Outcome::Findings;
        }
        match args.output {
            Format::Text => {
                if index > 0 {
                    writeln!(out)?;
                }
                write_text(path, &bytes, &module, out)?;
            }
            Format::Json => all.push(to_json(path, &bytes, &module)),
        }
    }
    if args.output == Format::Json {
        writeln!(out, "{:#}", Value::from(all))?;
    }
    Ok(outcome)
}

fn write_text(path: &str, bytes: &[u8], module: &Module, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{path}")?;
    match &module.label {
        Some(label) => {
            writeln!(out, "  filter   {}", label.filter)?;
            writeln!(out, "  version  {}", label.version)?;
            if let Some(commit) = &label.commit {
                writeln!(out, "  commit   {commit}")?;
            }
        }
        None => writeln!(out, "  filter   unknown: the module has no label of this project")?,
    }
    writeln!(out, "  host     {}", module.host.name())?;
    writeln!(out, "  ABI      {}", module.abi)?;
    writeln!(out, "  size     {} bytes", bytes.len())?;
    writeln!(out, "  SHA-256  {}", digest(bytes))?;
    if let Some(contradiction) = module.contradiction() {
        writeln!(out, "  error: {contradiction}")?;
    }
    let own = env!("CARGO_PKG_VERSION");
    if module.label.as_ref().is_some_and(|label| label.version != own) {
        writeln!(out, "  note: this filterctl has the checks of version {own}")?;
    }
    if module.host == Host::Kong {
        writeln!(out, "  note: on Envoy, the module for Envoy costs less for each request")?;
    }
    Ok(())
}

fn to_json(path: &str, bytes: &[u8], module: &Module) -> Value {
    let label = module.label.as_ref();
    json!({
        "file": path,
        "filter": label.map(|label| &label.filter),
        "version": label.map(|label| &label.version),
        "commit": label.and_then(|label| label.commit.as_ref()),
        "host": module.host.name(),
        "abi": module.abi,
        "bytes": bytes.len(),
        "sha256": digest(bytes),
        "error": module.contradiction(),
    })
}
