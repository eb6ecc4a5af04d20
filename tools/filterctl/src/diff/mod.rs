//! `filterctl diff`: the effects of a new configuration on requests.
//!
//! - `pairs`: old and new routes that handle the same requests;
//! - `routes`: filters that a route lost or got;
//! - `jwt_auth`, `rate_limit`, `limits`, `cors`, `header_transform`: changes of one filter;
//! - `values`: changes of lists, switches and numbers;
//! - `settings`: findings of `check` that are new or gone;
//! - `changes`: the list of changes;
//! - `text`: changes for people.

mod changes;
mod cors;
mod header_transform;
mod jwt_auth;
mod limits;
mod pairs;
mod rate_limit;
mod routes;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod values;

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result, bail, ensure};
use novasphere_explain::FilterKind;

use self::changes::Changes;
pub use self::changes::{Change, Effect};
use crate::{
    chains::{Chains, configs},
    check::{Host, filter_kind},
    cli::Outcome,
    found::Project,
    source::File,
};

/// Show the effects of a new configuration on requests.
///
/// Each change is looser (more requests pass), stricter (fewer do) or neutral. Routes are compared by
/// the requests that they handle, not by their text.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The old files: a file, a directory with the files of one gateway, or `-` for the standard
    /// input.
    old: String,
    /// The new files.
    new: String,
    /// Exit with 1 if there is such a change.
    #[arg(long, value_enum)]
    fail_on: Option<Effect>,
    /// Both files are the configuration of this filter, without a host around it.
    #[arg(long, value_parser = filter_kind)]
    filter: Option<FilterKind>,
    /// The proxy that --filter is for. Default: envoy.
    #[arg(long, value_enum, requires = "filter")]
    host: Option<Host>,
    /// The format of the output.
    #[arg(long, short, value_enum, default_value = "text")]
    output: Format,
}

/// A format of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, 80 columns wide.
    #[default]
    Text,
    /// A list of objects.
    Json,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or one side has no filters and no routes.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    ensure!(args.old != "-" || args.new != "-", "only one side can be the standard input");
    let bare = args.filter.map(|kind| (kind, args.host.unwrap_or(Host::Envoy)));
    let [old, new] = [&args.old, &args.new].map(|path| read(path, bare));
    let changes = compare(&old?, &new?);
    match args.output {
        Format::Text => text::write(&changes, out)?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &changes)?;
            writeln!(out)?;
        }
    }
    let fails = args.fail_on.is_some_and(|effect| changes.iter().any(|c| c.effect == effect));
    Ok(if fails { Outcome::Findings } else { Outcome::Success })
}

fn read(path: &str, bare: Option<(FilterKind, Host)>) -> Result<Project> {
    let files = files(path)?;
    let project = match bare {
        None => Project::read(&files)?,
        Some((kind, host)) => {
            let files = files.iter().map(|path| File::read(path)).collect::<Result<_>>()?;
            Project::bare(files, kind, host.into())
        }
    };
    for file in &project.files {
        if let Some(error) = &file.error {
            bail!("{}: {error}", file.name);
        }
    }
    ensure!(!project.filters.is_empty(), "{path}: no filter of this project found");
    Ok(project)
}

/// The files of a path, in the order of their names.
fn files(path: &str) -> Result<Vec<String>> {
    if !Path::new(path).is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    const EXTENSIONS: [&str; 5] = ["yaml", "yml", "json", "conf", "env"];
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| path.to_owned())? {
        let entry = entry.with_context(|| path.to_owned())?.path();
        let extension = entry.extension().and_then(|extension| extension.to_str());
        if entry.is_file() && extension.is_some_and(|e| EXTENSIONS.contains(&e)) {
            files.push(entry.display().to_string());
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// The changes from one project to another, looser ones first.
pub fn compare(old: &Project, new: &Project) -> Vec<Change> {
    let (old_configs, new_configs) = (configs(old), configs(new));
    let old_chains = Chains::new(old, &old_configs);
    let new_chains = Chains::new(new, &new_configs);
    let mut changes = Changes::default();
    for pair in pairs::find(old, new) {
        routes::compare(&pair, &old_chains, &new_chains, &mut changes);
    }
    if old.routes.is_empty() || new.routes.is_empty() {
        routes::compare_all(old, new, &old_chains, &new_chains, &mut changes);
    }
    settings::compare(old, new, &mut changes);
    changes.sorted()
}
