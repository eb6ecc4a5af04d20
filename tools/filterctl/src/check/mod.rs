//! `filterctl check`: the filters' own verdicts, and checks across filters and host.

mod fix;
mod lints;
mod verdicts;

use std::{collections::BTreeSet, io::Write};

use anyhow::{Result, bail};
use clap::ValueEnum;
use novasphere_explain::{FilterKind, ProxyKind};

use crate::{
    cli::Outcome,
    environment::EnvironmentArgs,
    finding::{FailOn, Finding, Severity, codes},
    found::{Place, Project},
    report::{self, Format},
    source::File,
};

/// Check configurations without a proxy: the filters' own verdicts, and the settings around them.
///
/// Finds the filters in files of Envoy (bootstrap, xDS, config dump), Envoy Gateway, Istio, Kong,
/// the Kong Ingress Controller and Traefik, and in manifests of Kubernetes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files. `-` reads the standard input, such as the output of kustomize or helm.
    #[arg(required = true)]
    files: Vec<String>,
    /// Each file is the configuration of this filter, without a host around it.
    #[arg(long, value_parser = filter_kind)]
    filter: Option<FilterKind>,
    /// The proxy that --filter is for.
    #[arg(long, value_enum, default_value = "envoy")]
    host: Host,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// The format of the findings.
    #[arg(long, short, value_enum, default_value = "text")]
    output: Format,
    /// The lowest severity that makes the command fail.
    #[arg(long, value_enum, default_value = "warning")]
    fail_on: FailOn,
    /// Print the changes that remove findings, as a diff.
    #[arg(long)]
    fix: bool,
    /// Apply the changes of --fix to the files.
    #[arg(long, requires = "fix")]
    write: bool,
}

/// A proxy, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// Envoy, Envoy Gateway, Istio.
    Envoy,
    /// Kong.
    Kong,
    /// Traefik.
    Traefik,
}

impl From<Host> for ProxyKind {
    fn from(host: Host) -> Self {
        match host {
            Host::Envoy => Self::Envoy,
            Host::Kong => Self::Kong,
            Host::Traefik => Self::Traefik,
        }
    }
}

/// Parses the name of a filter.
///
/// # Errors
/// If the filter does not exist.
pub fn filter_kind(name: &str) -> Result<FilterKind> {
    let Some(kind) = FilterKind::from_name(name) else {
        let names = FilterKind::ALL.map(FilterKind::name).join(", ");
        bail!("expected one of {names}");
    };
    Ok(kind)
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written, or an option is invalid.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    if args.write && args.files.iter().any(|path| path == "-") {
        bail!("--write needs files, not the standard input");
    }
    let files = args.files.iter().map(|path| File::read(path)).collect::<Result<_>>()?;
    let read = |files| match args.filter {
        None => Project::new(files),
        Some(kind) => Project::bare(files, kind, args.host.into()),
    };
    let project = read(files);
    let environment = args.environment.read()?;
    if args.fix {
        return fix::run(&project, &environment, read, args.write, out);
    }
    let findings = findings(&project, &environment);
    report::write(args.output, &findings, &project, out)?;
    Ok(if args.fail_on.is_met(&findings) { Outcome::Findings } else { Outcome::Success })
}

/// All findings about a project.
pub fn findings(project: &Project, environment: &novasphere_explain::Environment) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, file) in project.files.iter().enumerate() {
        if let Some(error) = &file.error {
            let place = Place { file: index, span: error.span.clone() };
            findings.push(Finding::new(&codes::NOT_YAML, Some(place), error.to_string()));
        }
    }
    if project.filters.is_empty() && !project.has_filter_in_secret() && findings.is_empty() {
        let names: Vec<&str> = project.files.iter().map(|file| file.name.as_str()).collect();
        let message = format!("no filter of this project in {}", names.join(", "));
        findings.push(
            Finding::new(&codes::NOTHING_FOUND, None, message).note(codes::NOTHING_FOUND.remedy),
        );
    }
    let mut assumed = BTreeSet::new();
    for filter in &project.filters {
        findings.extend(verdicts::of(filter, environment, &mut assumed));
    }
    if !assumed.is_empty() {
        let names: Vec<String> = assumed.into_iter().collect();
        let message = format!("assumed to be set in the proxy's environment: {}", names.join(", "));
        findings.push(Finding::new(&codes::ASSUMED_VARIABLE, None, message));
    }
    lints::add(project, &mut findings);
    findings
}

/// Whether a configuration is free of errors, for commands that need a working one.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.code.severity == Severity::Error)
}
