//! The tokens of cases, signed.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_cases::{PrivateKey as Source, PrivateKeyFile, TokenSpec};
use novasphere_explain::Environment;

use crate::private_key::{PrivateKey, sign_hmac};

/// Signs a token of a case in the file at `path`. `now` is in seconds since the epoch.
///
/// # Errors
/// If a key is missing, or does not fit the algorithm.
pub(super) fn token(
    spec: &TokenSpec,
    path: &str,
    environment: &Environment,
    now: u64,
) -> Result<String> {
    let message = spec.signing_input(now);
    let algorithm = spec.algorithm.as_str();
    let signature = match (algorithm, &spec.private_key) {
        ("none", _) => Vec::new(),
        ("HS256" | "HS384" | "HS512", _) => {
            let secret = spec.secret.bytes(&environment.variables);
            match secret {
                Some(secret) => sign_hmac(secret, algorithm, message.as_bytes())?,
                // The filter's own secret is assumed, too.
                None if environment.assume_missing => Vec::new(),
                None => bail!("the variable of secret is not given: use --env or --env-file"),
            }
        }
        (_, Some(source)) => private_key(source, path)?.sign(algorithm, message.as_bytes())?,
        (_, None) => bail!("{algorithm} needs a private_key"),
    };
    Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

/// A key file is relative to the file at `path`.
fn private_key(source: &Source, path: &str) -> Result<PrivateKey> {
    match source {
        Source::Text(text) => PrivateKey::parse(text).context("private_key"),
        Source::File(PrivateKeyFile { file }) => {
            let place = Path::new(path).parent().unwrap_or(Path::new("")).join(file);
            let text = fs::read_to_string(place).with_context(|| format!("private_key {file}"))?;
            PrivateKey::parse(&text).with_context(|| format!("private_key {file}"))
        }
    }
}
