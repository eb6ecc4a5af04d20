//! The options about claims.

use anyhow::{Context, Result, bail};
use novasphere_core::UnixTime;
use serde_json::Value;

use super::{claims, draft::Draft};
use crate::clock::duration_seconds;

/// The options about claims.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct ClaimArgs {
    /// A claim. The value is JSON, or else a string: role=admin, roles=["a","b"]. A name with dots is a
    /// path into objects: realm_access.roles=["a"]. May repeat.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    claims: Vec<String>,
    /// A claim to leave out. May repeat.
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// The lifetime, such as 1h, or -5m for the past; or seconds since the epoch.
    #[arg(long, alias = "ttl", value_name = "TIME", allow_hyphen_values = true)]
    exp: Option<String>,
    /// The time at which the token becomes valid, in the same form.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    nbf: Option<String>,
    /// The time of issue, in the same form.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    iat: Option<String>,
    /// A member of the JOSE header. The value is JSON, or else a string. May repeat.
    #[arg(long = "jose", value_name = "NAME=VALUE")]
    jose: Vec<String>,
}

impl ClaimArgs {
    /// Changes a token.
    pub(super) fn apply(&self, draft: &mut Draft<'_>, now: UnixTime) -> Result<()> {
        for (name, text) in [("exp", &self.exp), ("nbf", &self.nbf), ("iat", &self.iat)] {
            if let Some(text) = text {
                let time = time(text, now.seconds()).with_context(|| format!("--{name}"))?;
                draft.set(name, time);
            }
        }
        for entry in &self.claims {
            let (name, value) = assignment(entry, "--claim")?;
            let path = claims::names(name);
            // An option replaces a list instead of adding to it.
            claims::insert(&mut draft.claims, &path, Value::Null);
            claims::insert(&mut draft.claims, &path, value);
        }
        for entry in &self.jose {
            let (name, value) = assignment(entry, "--jose")?;
            draft.header.insert(name.to_owned(), value);
        }
        for name in &self.without {
            if draft.claims.remove(name).is_none() {
                bail!("--without {name}: the token has no such claim");
            }
        }
        Ok(())
    }
}

fn assignment<'e>(entry: &'e str, option: &str) -> Result<(&'e str, Value)> {
    let parts = entry.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, text) =
        parts.with_context(|| format!("{option}: expected NAME=VALUE, got {entry:?}"))?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    Ok((name, value))
}

/// Seconds since the epoch.
fn time(text: &str, now: u64) -> Result<u64> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let past = text.strip_prefix('-');
    let duration = duration_seconds(past.unwrap_or(text)).with_context(|| {
        format!("expected a duration such as 1h or -5m, or seconds since the epoch, got {text:?}")
    })?;
    Ok(if past.is_some() { now.saturating_sub(duration) } else { now.saturating_add(duration) })
}
