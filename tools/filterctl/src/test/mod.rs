//! `filterctl test`: requests with expected outcomes, sent through a configuration without a proxy.

mod case_file;
mod junit;
mod outcome;
mod runner;
mod sign;
#[cfg(test)]
mod tests;
mod text;

use std::io::Write;

use anyhow::Result;
use novasphere_explain::{FilterKind, KeySets};

use self::{
    outcome::CaseOutcome,
    runner::{Configuration, Runner},
};
use crate::{
    check::{Host, filter_kind},
    cli::Outcome,
    clock::TimeArgs,
    environment::EnvironmentArgs,
    explain,
};

/// Test a configuration: send requests through it and compare the results with the expected ones.
///
/// A case is a name, tokens, and exchanges: a request, the response of the upstream, and the
/// expected result. The tests of the filters have the same format: see tests/cases/README.md. A case
/// without `config` is for the configuration of --config.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of cases, or folders with such files (.yaml, .yml or .json).
    #[arg(required = true)]
    cases: Vec<String>,
    /// A file of the proxy that the cases are for. Repeat it for several files.
    #[arg(long, short, value_name = "FILE")]
    config: Vec<String>,
    /// The filter of configurations without a host: of --config, or in cases. Default for cases: the
    /// filter that the folder is named after, or else the gateway.
    #[arg(long, value_parser = filter_kind)]
    filter: Option<FilterKind>,
    /// The proxy that --filter is for. Default: envoy.
    #[arg(long, value_enum, requires = "filter")]
    host: Option<Host>,
    /// The name of the route. Default: the route that Host, path and method of each request select.
    #[arg(long, value_name = "NAME")]
    route: Option<String>,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// A key set (JWKS) for the issuers in jwks, or for one of them: `https://id.example=FILE`.
    #[arg(long, value_name = "[ISSUER=]FILE")]
    jwks: Vec<String>,
    #[command(flatten)]
    time: TimeArgs,
    /// Redis cannot be reached. Default: it counts.
    #[arg(long)]
    redis_down: bool,
    /// The format of the results.
    #[arg(long, short, value_enum, default_value = "text")]
    output: Format,
}

/// A format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A list of objects.
    Json,
    /// JUnit's XML, for CI.
    Junit,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or has another format.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let files = case_file::read(&args.cases)?;
    let environment = args.environment.read()?;
    let project = match args.config.as_slice() {
        [] => None,
        config => Some(explain::project(config, args.filter, args.host)?),
    };
    let assume_missing = environment.assume_missing;
    let runner = Runner {
        configuration: project.as_ref().map(|project| Configuration {
            project,
            route: args.route.as_deref(),
            host: args.host,
        }),
        filter: args.filter,
        host: args.host,
        environment,
        keys: KeySets { given: explain::key_sets(&args.jwks)?, assume_missing },
        redis: !args.redis_down,
        millis: args.time.now()?.millis,
    };
    let mut outcomes = Vec::new();
    for file in &files {
        for case in &file.cases {
            outcomes.push(runner.run(file, case));
        }
    }
    match args.output {
        Format::Text => text::write(&outcomes, out)?,
        Format::Json => outcome::write_json(&outcomes, out)?,
        Format::Junit => junit::write(&outcomes, out)?,
    }
    let has_failed = outcomes.iter().any(CaseOutcome::has_failed);
    Ok(if has_failed { Outcome::Findings } else { Outcome::Success })
}
