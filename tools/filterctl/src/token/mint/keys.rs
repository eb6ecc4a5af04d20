//! [`TokenKey`]: a key that can sign tokens for a configuration.

use anyhow::Result;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_cases::signing_input;
use novasphere_core::UnixTime;
use novasphere_explain::{Environment, jwt::Examiner};
use serde_json::{Map, Value};

use super::{draft::Draft, signer::Signer};
use crate::{
    found::{Found, Project},
    private_key::PrivateKey,
    token::config::{JwtConfig, invalid},
};

/// A key that can sign tokens for a configuration.
#[derive(Debug)]
pub struct TokenKey<'k> {
    /// The `key` of the credential, or the `issuer`.
    pub name: String,
    /// The algorithm.
    pub algorithm: String,
    /// A JOSE header that the configuration accepts.
    pub header: Map<String, Value>,
    /// Claims that the configuration accepts. Times are relative: `now+3600`.
    pub claims: Map<String, Value>,
    signer: Signer<'k>,
}

/// The keys that can sign tokens for a filter: secrets with a known value, and private keys that fit a
/// credential or an issuer. Empty for a filter without jwt-auth.
///
/// # Errors
/// If jwt-auth rejects the configuration.
pub fn token_keys<'k>(
    found: &Found,
    project: &Project,
    environment: &Environment,
    private_keys: &'k [PrivateKey],
) -> Result<Vec<TokenKey<'k>>> {
    let Some(config) = JwtConfig::of(found, project) else { return Ok(Vec::new()) };
    let loading = Environment { assume_missing: true, ..environment.clone() };
    let proxy = config.proxy(&loading);
    let examiner = Examiner::new(config.json().as_bytes(), &proxy)
        .map_err(|faults| invalid(&config.name, &faults))?;
    let mut keys: Vec<TokenKey<'k>> = Vec::new();
    let private_keys = private_keys.iter().map(Some);
    for private_key in std::iter::once(None).chain(private_keys) {
        for signer in Signer::all(&config, &examiner, environment, private_key)? {
            let Ok(signer) = signer else { continue };
            let is_known =
                |key: &TokenKey<'_>| key.name == signer.name && key.algorithm == signer.algorithm;
            if !keys.iter().any(is_known) {
                keys.push(TokenKey::new(&config, signer));
            }
        }
    }
    Ok(keys)
}

impl<'k> TokenKey<'k> {
    fn new(config: &JwtConfig, signer: Signer<'k>) -> Self {
        let draft = Draft::new(config, &signer, UnixTime { millis: 0 });
        let (header, mut claims) = (draft.header, draft.claims);
        for name in ["exp", "iat", "nbf"] {
            if let Some(value) = claims.get_mut(name)
                && let Some(seconds) = value.as_u64()
            {
                let relative =
                    if seconds == 0 { "now".to_owned() } else { format!("now+{seconds}") };
                *value = relative.into();
            }
        }
        Self {
            name: signer.name.clone(),
            algorithm: signer.algorithm.clone(),
            header,
            claims,
            signer,
        }
    }

    /// A token with this header and these claims. The texts `now` and `now+600` become times; `now` is
    /// in seconds since the epoch.
    ///
    /// # Errors
    /// If the key cannot sign with its algorithm.
    pub fn sign(&self, header: Value, claims: Value, now: u64) -> Result<String> {
        let message = signing_input(header, claims, now);
        let signature = self.signer.key.sign(&self.algorithm, message.as_bytes())?;
        Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}
