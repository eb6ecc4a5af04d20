//! `filterctl explain`: a request's way through the filters, a line of the access log, or a
//! decision in words.

pub(crate) mod decisions;
mod input;
mod json;
mod log_line;
mod mask;
mod proxied;
mod request_remarks;
mod routing;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

use std::io::Write;

use anyhow::{Result, bail};
use novasphere_explain::{Chain, Configured, FilterKind, Input, ProxyKind, Rejected, Setup};

use self::input::Prepared;
pub use self::{
    decisions::{Decision, named, of as decision_text},
    input::RequestArgs,
    input::key_sets,
    json::value as json_value,
    mask::{HIDDEN, Mask, TOKEN},
    routing::{Routed, find_route, without_route},
    text::Report,
};
use crate::{
    chains::configs,
    check::{Host, filter_kind},
    cli::Outcome,
    environment::EnvironmentArgs,
    found::{Found, Project},
    source::File,
};

/// Explain a request: filter by filter, what each compared, found and decided.
///
/// Variables and keys that are not given are assumed. Signatures of tokens are then not checked,
/// and the output says so.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).multiple(false)
    .args(["config", "log_line", "decision"]))]
pub struct Args {
    /// A file of the proxy. `-` reads the standard input. Repeat it for several files.
    #[arg(long, short, value_name = "FILE", group = "subject")]
    config: Vec<String>,
    /// The file is the configuration of this filter, without a host around it.
    #[arg(long, value_parser = filter_kind, requires = "config")]
    filter: Option<FilterKind>,
    /// The proxy that --filter is for. Default: envoy.
    #[arg(long, value_enum, requires = "filter")]
    host: Option<Host>,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// A line of the access log of the shipped configurations, as JSON. `-` reads lines from the
    /// standard input.
    #[arg(long, value_name = "JSON")]
    log_line: Option<String>,
    /// A decision or an event, such as `expired` or `jwt-auth:expired`.
    #[arg(long, value_name = "NAME")]
    decision: Option<String>,
    /// The format of the output.
    #[arg(long, short, value_enum, default_value = "text")]
    output: Format,
}

/// A format of explanations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, 80 columns wide.
    #[default]
    Text,
    /// An object.
    Json,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, an option is invalid, or a filter rejects its configuration.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    if let Some(line) = &args.log_line {
        return log_line::run(line, args.output, &mut std::io::stdin().lock(), out);
    }
    if let Some(name) = &args.decision {
        return decision(name, args.output, out);
    }
    let project = project(&args.config, args.filter, args.host)?;
    let mut prepared = args.request.prepare()?;
    let name = args.request.route.as_deref();
    match find_route(&project, name, &mut prepared.input.request)? {
        Some(routed) => request(args, &project, &routed, prepared, out)?,
        None => write(
            &Report {
                mask: &mask(&project, &prepared.input),
                proxy: proxy(&project.filters.iter().collect::<Vec<_>>(), args.host),
                routed: &Routed::default(),
                input: &prepared.input,
                explanation: &without_route(&project, &prepared.input.request),
                assumed: &[],
            },
            args.output,
            out,
        )?,
    }
    Ok(Outcome::Success)
}

/// Explains a request on a route.
fn request(
    args: &Args,
    project: &Project,
    routed: &Routed,
    mut prepared: Prepared,
    out: &mut dyn Write,
) -> Result<()> {
    let filters = routed.filters.iter().filter_map(|index| project.filters.get(*index));
    let filters: Vec<&Found> = filters.collect();
    let mut environment = args.environment.read()?;
    environment.assume_missing = true;
    let setup = Setup {
        proxy: proxy(&filters, args.host),
        filters: configured(&filters),
        environment,
        keys: prepared.keys,
        redis: prepared.redis,
    };
    let proxy = setup.proxy;
    let mut chain = match Chain::new(setup) {
        Ok(chain) => chain,
        Err(rejected) => bail!(rejection(&rejected, &filters)),
    };
    let explanation = routed.send(&mut chain, &mut prepared.input);
    let report = Report {
        mask: &mask(project, &prepared.input),
        proxy,
        routed,
        input: &prepared.input,
        explanation: &explanation,
        assumed: chain.assumed_variables(),
    };
    write(&report, args.output, out)
}

/// The mask for the credentials of a request.
pub fn mask(project: &Project, input: &Input) -> Mask {
    Mask::new(input, &configs(project))
}

fn write(report: &Report<'_>, format: Format, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Text => text::write(report, out),
        Format::Json => json::write(report, out),
    }
}

/// The filters and routes of files, or of bare configurations.
///
/// # Errors
/// If a file cannot be read or is not YAML.
pub fn project(
    config: &[String],
    filter: Option<FilterKind>,
    host: Option<Host>,
) -> Result<Project> {
    let files: Vec<File> = config.iter().map(|path| File::read(path)).collect::<Result<_>>()?;
    for file in &files {
        if let Some(error) = &file.error {
            bail!("{}: {error}", file.name);
        }
    }
    Ok(match filter {
        Some(kind) => Project::bare(files, kind, host.map_or(ProxyKind::Envoy, ProxyKind::from)),
        None => Project::new(files),
    })
}

/// The filters as the engine loads them.
pub fn configured(filters: &[&Found]) -> Vec<Configured> {
    let configured = |found: &&Found| Configured {
        kind: found.kind,
        json: found.config.json.clone().into_bytes(),
        values_are_text: found.config.values_are_text,
        guesses_types: found.config.guesses_types,
    };
    filters.iter().map(configured).collect()
}

/// The proxy of these filters.
pub fn proxy(filters: &[&Found], host: Option<Host>) -> ProxyKind {
    let found = filters.first().map(|found| found.platform.proxy());
    found.or(host.map(ProxyKind::from)).unwrap_or(ProxyKind::Envoy)
}

/// Why a request cannot be explained.
pub fn rejection(rejected: &Rejected, filters: &[&Found]) -> String {
    let name = filters.get(rejected.index).map_or("", |found| found.name.as_str());
    let faults: Vec<String> = rejected.faults.iter().map(|fault| format!("  {fault}")).collect();
    let kind = rejected.kind.name();
    let name = if name.is_empty() || name == kind { String::new() } else { format!(" ({name})") };
    format!("{kind}{name} rejects its configuration:\n{}", faults.join("\n"))
}

/// Explains a decision or an event by its name.
fn decision(name: &str, format: Format, out: &mut dyn Write) -> Result<Outcome> {
    let (filter, name) = match name.rsplit_once(':') {
        Some((filter, name)) => (Some(filter.strip_prefix("novasphere_").unwrap_or(filter)), name),
        None => (None, name),
    };
    let mut found = named(name);
    found.retain(|(own, _)| filter.is_none_or(|filter| filter == *own));
    if found.is_empty() {
        bail!("unknown decision {name:?}; expected one of {}", decisions::names().join(", "));
    }
    match format {
        Format::Text => text::decisions(&found, out)?,
        Format::Json => json::decisions(&found, out)?,
    }
    Ok(Outcome::Success)
}
