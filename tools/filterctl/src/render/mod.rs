//! `filterctl render`: adds the gateway filter to an Envoy configuration.
//!
//! - `settings`: the settings of the filter, for all routes and for some;
//! - `yaml`: YAML text of values and of parts of a file;
//! - `entry`: the text of the filter in Envoy's configuration;
//! - `lines`: lines and columns of nodes;
//! - `edit`: changes of a string;
//! - `places`: where the filter goes.

mod edit;
mod entry;
mod lines;
mod places;
mod settings;
mod yaml;

use std::{fs, io::Write};

use anyhow::{Context, Result, bail};
use similar::TextDiff;

use self::{places::Changes, settings::Settings};
use crate::{cli::Outcome, found::Project, source::File};

/// Add the gateway filter to an envoy.yaml, and its settings to single routes.
///
/// The settings are a file with the filter's configuration, `gateway`, and under `routes` the
/// differences for single routes, by the name, path or prefix of the route:
///
///   gateway:
///     jwt_auth: {credentials: [{key: web-app, secret: {env: JWT_SECRET}}]}
///   routes:
///     /login: {jwt_auth: {optional: true}, rate_limit: {minute: 5}}
///     /metrics: false
///
/// A field of a route replaces that of `gateway`, objects are merged, and null removes a field. `false`
/// disables the filter on the route. Comments and the form of the rest of the file stay as they are. A
/// filter of the same name is replaced, and so are its settings on all routes, so the command can run
/// again after a change.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The Envoy configuration, or - for the standard input.
    file: String,
    /// The file with the settings.
    #[arg(long, value_name = "FILE")]
    settings: String,
    /// The name of the filter's entry.
    #[arg(long, default_value = "gateway")]
    name: String,
    /// The location of the module on Envoy's machine.
    #[arg(long, value_name = "PATH", default_value = "/etc/envoy/wasm/novasphere-gateway.wasm")]
    module: String,
    /// Print the changes as a diff.
    #[arg(long, conflicts_with = "write")]
    diff: bool,
    /// Change the file.
    #[arg(long)]
    write: bool,
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, the filter rejects the settings, or the filter has no place in the file.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let file = File::read(&args.file)?;
    let settings = Settings::read(&args.settings, &args.name, &args.module)?;
    let text = render(&file, &settings)?;
    if args.diff {
        let diff = TextDiff::from_lines(&file.text, &text);
        write!(out, "{}", diff.unified_diff().header(&file.name, &file.name))?;
    } else if args.write {
        if args.file == "-" {
            bail!("--write needs a file, not the standard input");
        }
        fs::write(&args.file, text).with_context(|| args.file.clone())?;
    } else {
        write!(out, "{text}")?;
    }
    Ok(Outcome::Success)
}

/// The text of the file with the filter.
fn render(file: &File, settings: &Settings) -> Result<String> {
    if let Some(error) = &file.error {
        bail!("{}: {error}", file.name);
    }
    if file.text.trim_start().starts_with('{') {
        bail!("{}: is JSON; the command edits YAML only", file.name);
    }
    let mut changes = Changes::new(file, settings);
    changes.add_filters()?;
    changes.add_routes()?;
    let text = changes.apply()?;
    let rendered = File::new(&file.name, text);
    if let Some(error) = &rendered.error {
        bail!("{}: the result {error}; please report this", file.name);
    }
    let text = rendered.text.clone();
    let project = Project::new(vec![rendered]);
    let found = project.filters.iter().filter(|found| found.module == settings.module).count();
    if found == 0 {
        bail!("{}: the result does not have the filter; please report this", file.name);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
