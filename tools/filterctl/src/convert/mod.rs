//! `filterctl convert`: from other configurations to the filters.
//!
//! - `from`: readers, one for each format;
//! - `model`: the configuration between the formats;
//! - `to`: writers, one for each format;
//! - `yaml`: documents to write;
//! - `report`: the fate of each part of the input.

mod from;
mod model;
mod report;
mod to;
mod yaml;

use std::io::{self, Write};

use anyhow::{Result, bail};

use self::model::{Chain, Gateway, fault};
pub use self::{
    from::{Namespaces, Source},
    report::{Entry, Fate, Report, Variable},
    to::Target,
};
use crate::{cli::Outcome, found::Project, report::written_place};

/// Convert the configuration of a proxy's own plugins to the filters.
///
/// Writes the configuration to the standard output and the report to the standard error. Secrets of
/// the input are in neither: the output reads environment variables, and the report lists them. A
/// route is blocked if a check of its requests cannot be converted.
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
    /// The namespace of objects without one, for istio and envoy-gateway.
    #[arg(long)]
    namespace: Option<String>,
    /// Istio's root namespace, whose policies are for all namespaces.
    #[arg(long, default_value = "istio-system")]
    root_namespace: String,
}

/// A converted configuration.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The text of the configuration.
    pub text: String,
    /// The fate of each part of the input.
    pub report: Report,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or has no routes.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let project = Project::read(&args.files)?;
    if args.namespace.is_none() {
        require_namespaces(args.from, &project)?;
    }
    let namespaces = Namespaces {
        own: args.namespace.clone().unwrap_or(Namespaces::default().own),
        root: args.root_namespace.clone(),
    };
    let conversion = convert_in(&namespaces, args.from, args.to, &project)?;
    out.write_all(conversion.text.as_bytes())?;
    conversion.report.write(&project, &mut io::stderr().lock())?;
    let lost = [Fate::Blocked, Fate::LeftOut].map(|fate| conversion.report.count(fate));
    Ok(if lost == [0, 0] { Outcome::Success } else { Outcome::Incomplete })
}

/// Without `--namespace`, policies of an object without a namespace are only known if no object has
/// one.
fn require_namespaces(from: Source, project: &Project) -> Result<()> {
    if !matches!(from, Source::Istio | Source::EnvoyGateway) {
        return Ok(());
    }
    let objects =
        project.documents.iter().filter(|document| document.root.get("metadata").is_some());
    let (with, without): (Vec<_>, Vec<_>) =
        objects.partition(|document| document.root.at(&["metadata", "namespace"]).is_some());
    match without.iter().find(|_| !with.is_empty()) {
        Some(document) => bail!(
            "{}: this object has no namespace, and others have one; pass --namespace NAME",
            written_place(&document.place(&document.root), project)
        ),
        None => Ok(()),
    }
}

/// Converts all documents of a project, with the default namespaces.
///
/// # Errors
/// If a file is not YAML, or no file has anything of the format.
pub fn convert(from: Source, to: Target, project: &Project) -> Result<Conversion> {
    convert_in(&Namespaces::default(), from, to, project)
}

/// Converts all documents of a project.
///
/// # Errors
/// If a file is not YAML, or no file has anything of the format.
pub fn convert_in(
    namespaces: &Namespaces,
    from: Source,
    to: Target,
    project: &Project,
) -> Result<Conversion> {
    for (index, file) in project.files.iter().enumerate() {
        if let Some(error) = &file.error {
            let place = crate::found::Place { file: index, span: error.span.clone() };
            bail!("{}: {error}", written_place(&place, project));
        }
    }
    let mut report = Report::default();
    let mut gateway = from::read(from, project, namespaces, &mut report);
    block_rejected(&mut gateway, &mut report);
    if gateway.routes.is_empty() && report.entries.is_empty() {
        let names: Vec<&str> = project.files.iter().map(|file| file.name.as_str()).collect();
        bail!("nothing to convert: no routes of {from:?} in {}", names.join(", "));
    }
    let text = to::write(to, &gateway, &mut report);
    report.variables.retain(|variable| has_word(&text, &variable.name));
    Ok(Conversion { text, report })
}

/// Whether a string contains a name that is not a part of a longer one.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, found)| {
        let after = text.get(at.saturating_add(found.len())..).unwrap_or_default();
        !after.starts_with(is_part)
    })
}

/// Blocks the routes whose filters reject their configuration as a whole: each filter accepts its
/// part, but not beside the others.
fn block_rejected(gateway: &mut Gateway, report: &mut Report) {
    let mut known: Vec<(Chain, Option<String>)> = Vec::new();
    for route in gateway.routes.iter_mut().filter(|route| !route.chain.is_empty()) {
        let fault = match known.iter().find(|(chain, _)| *chain == route.chain) {
            Some((_, fault)) => fault.clone(),
            None => {
                let fault = fault(&route.chain);
                known.push((route.chain.clone(), fault.clone()));
                fault
            }
        };
        if let Some(fault) = &fault {
            route.block(&format!("its filters reject {fault}"), report);
        }
    }
}
