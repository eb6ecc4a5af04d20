//! `filterctl schema`: the JSON Schemas of the filters' configurations.
//!
//! - `hosts`: the schemas in the form that editors and hosts use.

mod hosts;

use std::io::Write;

use anyhow::{Context, Result, bail};
use novasphere_explain::FilterKind;
use novasphere_schema::{FILTERS, Generate};

use crate::{check::filter_kind, cli::Outcome};

/// Print JSON Schemas of configurations.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the schema of a filter's configuration, with a description, default and example for each
    /// field.
    ///
    /// In VS Code with the YAML extension, a first line `# yaml-language-server: $schema=FILE` checks
    /// and completes a file with the filter's configuration.
    Print(PrintArgs),
}

#[derive(Debug, clap::Args)]
struct PrintArgs {
    /// The filter: cors, jwt-auth, rate-limit, header-transform or gateway.
    #[arg(value_parser = filter_kind)]
    filter: FilterKind,
    /// The reader of the schema. Default: any program that supports JSON Schema 2020-12.
    #[arg(long = "for", value_enum)]
    reader: Option<SchemaReader>,
}

/// A program that reads a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SchemaReader {
    /// VS Code: descriptions in Markdown, and snippets for objects.
    Vscode,
    /// Kong: the .meta.json file beside the module, with the schema in draft-04.
    Kong,
    /// Envoy: the schema of `configuration` of a Wasm filter, a Struct or a StringValue.
    Envoy,
    /// Traefik: the fields that work there. Each value may also be a string.
    Traefik,
}

/// Runs the command.
///
/// # Errors
/// If the filter is unknown, or has no module for the host.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let Command::Print(PrintArgs { filter, reader }) = &args.command;
    let kind = *filter;
    let generate = generator(kind)?;
    let schema = novasphere_schema::for_editors(kind.name(), generate).to_value();
    let schema = match reader {
        None => schema,
        Some(SchemaReader::Vscode) => hosts::for_vscode(schema),
        Some(SchemaReader::Kong) => novasphere_schema::for_kong(kind.name(), generate),
        Some(SchemaReader::Envoy) => hosts::for_envoy(schema),
        Some(SchemaReader::Traefik) => match kind {
            FilterKind::JwtAuth | FilterKind::HeaderTransform => hosts::for_traefik(schema),
            _ => bail!(
                "{} has no module for Traefik; jwt-auth and header-transform have one, and \
                 Traefik's own middlewares cover cors and rate limits",
                kind.name()
            ),
        },
    };
    writeln!(out, "{schema:#}")?;
    Ok(Outcome::Success)
}

/// The generator of a filter's schema.
///
/// # Errors
/// If the filter has no schema.
pub fn generator(kind: FilterKind) -> Result<Generate> {
    let found = FILTERS.iter().find(|(name, _)| *name == kind.name());
    found.map(|(_, generate)| *generate).with_context(|| format!("{} has no schema", kind.name()))
}

#[cfg(test)]
mod tests;
