//! `filterctl token decode`.
//!
//! - `verdict`: the verdict of a configuration;
//! - `text`, `json`: the output.

mod json;
mod text;
mod verdict;

use std::{
    fs,
    io::{self, IsTerminal, Read, Write},
};

use anyhow::{Context, Result, anyhow, bail};
use novasphere_core::UnixTime;
use novasphere_explain::{
    Environment,
    jwt::{KeySetText, decode},
};

use self::verdict::Verdict;
use super::config::{ConfigArgs, JwtConfig};
use crate::{cli::Outcome, clock::TimeArgs, found::Project};

/// Show the content of a token, with times in words.
///
/// With a configuration, also show which credential or key set would verify the token, why the others
/// do not, and the decision of jwt-auth for a request to which no rule applies. The exit code is then
/// 1 if the filter rejects the token. The output has neither the signature nor a secret.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The token. Default, and with -: the standard input, which keeps the token out of the shell's
    /// history. `Bearer` and a header name before it are ignored.
    token: Option<String>,
    /// A file with the token.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// A file with the key set of an issuer in `jwks`. With several issuers: ISSUER=FILE. May repeat.
    #[arg(long, value_name = "[ISSUER=]FILE")]
    jwks: Vec<String>,
    #[command(flatten)]
    time: TimeArgs,
    /// The format of the output.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    let token = read_token(args)?;
    let now = args.time.now()?;
    let verdicts = Verdict::all(&args.config, &args.jwks, &token, now)?;
    match decode(&token) {
        Ok(decoded) => match args.output {
            Format::Text => text::write(&decoded, &verdicts, now, out)?,
            Format::Json => json::write(&decoded, &verdicts, now, out)?,
        },
        Err(reason) => bail!(reason),
    }
    let is_rejected = verdicts.iter().any(|verdict| verdict.examination.decision.name != "allowed");
    Ok(if is_rejected { Outcome::Findings } else { Outcome::Success })
}

/// The content of a token, and the verdict of each configuration of jwt-auth in a project: the JSON of
/// the command.
///
/// # Errors
/// If the text is not a signed token, or jwt-auth rejects a configuration.
pub fn json_value(
    text: &str,
    project: &Project,
    environment: &Environment,
    key_sets: &[KeySetText<'_>],
    now: UnixTime,
) -> Result<serde_json::Value> {
    let token = bare(text);
    let decoded = decode(token).map_err(|reason| anyhow!(reason))?;
    let configs = project.filters.iter().filter_map(|found| JwtConfig::of(found, project));
    let verdicts: Vec<Verdict> = configs
        .map(|config| Verdict::of(&config, environment, key_sets, token, now))
        .collect::<Result<_>>()?;
    Ok(json::value(&decoded, &verdicts, now))
}

fn read_token(args: &Args) -> Result<String> {
    let text = match (&args.token_file, args.token.as_deref()) {
        (Some(path), _) => fs::read_to_string(path).with_context(|| path.clone())?,
        (None, None | Some("-")) => {
            if args.token.is_none() && io::stdin().is_terminal() {
                bail!("no token; give it on the standard input or with --token-file FILE");
            }
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).context("standard input")?;
            text
        }
        (None, Some(token)) => token.to_owned(),
    };
    Ok(bare(&text).to_owned())
}

/// The token of `Authorization: Bearer <token>`.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let value = match text.split_once(':') {
        Some((name, value)) if !name.contains('.') => value.trim(),
        _ => text,
    };
    match value.split_once(' ') {
        Some((scheme, token)) if !scheme.contains('.') => token.trim(),
        _ => value,
    }
}

#[cfg(test)]
mod tests;
