//! `filterctl token mint`.
//!
//! - `options`: the options about claims;
//! - `signer`: the credential or issuer that signs;
//! - `claims`: the claims that a configuration requires;
//! - `draft`: a token before it is signed;
//! - `keys`: all keys that can sign tokens for a configuration;
//! - `fault`: faults of invalid tokens.

mod claims;
mod draft;
mod fault;
mod keys;
mod options;
mod signer;

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use novasphere_core::UnixTime;
use novasphere_explain::jwt::{Examiner, KeySetText, TokenDecision};

pub use self::keys::{TokenKey, token_keys};
use self::{draft::Draft, fault::Fault, options::ClaimArgs, signer::Signer};
use super::config::{ConfigArgs, JwtConfig, invalid};
use crate::{cli::Outcome, clock::TimeArgs, private_key::PrivateKey};

/// Mint a token that a configuration accepts, or an invalid one for tests.
///
/// The key is that of a credential: a secret from --env, --env-file or the environment of this
/// command, or a private key. The token has the claims that the configuration requires; options add
/// and replace claims. The filter's own code verifies the token before it is printed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The `key` of the credential, or the `issuer` of an entry of `jwks`. Default: the first one whose
    /// key is known.
    #[arg(long, value_name = "KEY")]
    credential: Option<String>,
    /// A file with the private key: PEM text or a JSON Web Key.
    #[arg(long, value_name = "FILE")]
    private_key: Option<String>,
    /// The `alg`. Default: the algorithm of the credential.
    #[arg(long)]
    alg: Option<String>,
    /// The `kid`. Default: the one of the credential.
    #[arg(long)]
    kid: Option<String>,
    #[command(flatten)]
    claims: ClaimArgs,
    /// Mint an invalid token, which the filter rejects for this reason.
    #[arg(long, value_enum, value_name = "FAULT")]
    bad: Option<Fault>,
    /// Print a header line for curl -H @-: Authorization: Bearer <token>.
    #[arg(long)]
    header: bool,
    #[command(flatten)]
    time: TimeArgs,
}

pub(super) fn run(args: &Args, out: &mut dyn Write) -> Result<Outcome> {
    if args.config.files.is_empty() {
        bail!("-c FILE is required: the configuration whose key signs the token");
    }
    let config = args.config.read_one()?;
    let environment = args.config.environment(std::slice::from_ref(&config))?;
    // A missing variable of another credential does not matter.
    let loading = novasphere_explain::Environment { assume_missing: true, ..environment.clone() };
    let proxy = config.proxy(&loading);
    let examiner = Examiner::new(config.json().as_bytes(), &proxy)
        .map_err(|faults| invalid(&config.name, &faults))?;
    let now = args.time.now()?;
    let private_key = match &args.private_key {
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.clone())?;
            Some(PrivateKey::parse(&text).with_context(|| path.clone())?)
        }
        None => None,
    };
    let signers = Signer::all(&config, &examiner, &environment, private_key.as_ref())?;
    let mut signer = signer::choose(signers, args.credential.as_deref())?;
    if let Some(kid) = &args.kid {
        signer.kid = Some(kid.clone());
    }
    if let Some(alg) = &args.alg {
        signer.algorithm.clone_from(alg);
    }
    let mut draft = Draft::new(&config, &signer, now);
    args.claims.apply(&mut draft, now)?;
    let token = match args.bad {
        Some(bad) => bad.token(draft, &config)?,
        None => draft.sign()?,
    };
    let decision = decide(&examiner, &signer, &token, now)?;
    check(args.bad, &decision, &config)?;
    match args.header {
        true => writeln!(out, "Authorization: Bearer {token}")?,
        false => writeln!(out, "{token}")?,
    }
    Ok(Outcome::Success)
}

/// The decision of the filter, whose issuers publish the key of the signer.
fn decide(
    examiner: &Examiner<'_>,
    signer: &Signer<'_>,
    token: &str,
    now: UnixTime,
) -> Result<TokenDecision> {
    let set = signer.key_set()?;
    let sets: Vec<KeySetText<'_>> =
        set.iter().map(|text| KeySetText { issuer: None, text: text.as_bytes() }).collect();
    Ok(examiner.examine(token.as_bytes(), &sets, now).decision)
}

fn check(bad: Option<Fault>, decision: &TokenDecision, config: &JwtConfig) -> Result<()> {
    let detail = match decision.detail.as_str() {
        "" => String::new(),
        detail => format!(" ({detail})"),
    };
    match bad {
        None if decision.name != "allowed" => {
            let message = format!("jwt-auth rejects this token: {}{detail}", decision.name);
            writeln!(io::stderr(), "note: {message}")?;
        }
        Some(bad) if !bad.decisions().contains(&decision.name) => {
            let expected = bad.decisions().join(" or ");
            bail!(
                "{}: the decision about this token is {}{detail}, not {expected}",
                config.name,
                decision.name
            );
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
