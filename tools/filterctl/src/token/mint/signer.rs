//! [`Signer`]: a credential or issuer whose key is known.

use std::rc::Rc;

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use novasphere_core::UnixTime;
use novasphere_explain::{
    Environment,
    jwt::{Examiner, KeyMatch, parse_jwk, parse_pem},
};
use serde_json::{Value, json};

use crate::{
    private_key::{PrivateKey, sign_hmac},
    token::config::JwtConfig,
};

/// A credential or an issuer, and its key.
#[derive(Clone, Debug)]
pub(super) struct Signer<'k> {
    /// The `key` of the credential, or the `issuer`.
    pub(super) name: String,
    pub(super) kid: Option<String>,
    pub(super) algorithm: String,
    pub(super) key: SigningKey<'k>,
    /// The claims that select the key.
    pub(super) claims: Vec<(String, Value)>,
}

/// A key that signs. `Debug` shows no secret.
#[derive(Clone)]
pub(super) enum SigningKey<'k> {
    /// An HMAC secret.
    Secret(Rc<[u8]>),
    /// A private key.
    Private(&'k PrivateKey),
    /// A private key made for one token.
    New(Rc<PrivateKey>),
}

impl std::fmt::Debug for SigningKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "a secret",
            Self::Private(key) => key.kind(),
            Self::New(key) => key.kind(),
        })
    }
}

impl SigningKey<'_> {
    pub(super) fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::Secret(secret) => sign_hmac(secret, algorithm, message),
            Self::Private(key) => key.sign(algorithm, message),
            Self::New(key) => key.sign(algorithm, message),
        }
    }
}

impl<'k> Signer<'k> {
    /// All credentials and issuers, with the reason for those whose key is not known.
    pub(super) fn all(
        config: &JwtConfig,
        examiner: &Examiner<'_>,
        environment: &Environment,
        private_key: Option<&'k PrivateKey>,
    ) -> Result<Vec<Result<Self, String>>> {
        // Compares no token, but describes all keys.
        let nothing = examiner.examine(b"e30.e30.", &[], UnixTime { millis: 0 });
        let credentials = config.entries("credentials").iter();
        let mut signers: Vec<Result<Self, String>> = Vec::new();
        for (index, entry) in credentials.enumerate() {
            let path = format!("credentials[{index}]");
            let Some(key) = nothing.keys.iter().find(|key| key.path == path) else { continue };
            signers.push(credential(config, entry, key, environment, private_key));
        }
        for (index, entry) in config.entries("jwks").iter().enumerate() {
            let path = format!("jwks[{index}]");
            let Some(key) = nothing.keys.iter().find(|key| key.path == path) else { continue };
            signers.push(issuer(entry, key, private_key));
        }
        Ok(signers)
    }

    /// The key set that the issuer publishes. `None` for a secret.
    pub(super) fn key_set(&self) -> Result<Option<String>> {
        let SigningKey::Private(key) = &self.key else { return Ok(None) };
        let jwk = key.public_jwk(&self.algorithm, self.kid.as_deref())?;
        Ok(Some(json!({"keys": [jwk]}).to_string()))
    }
}

/// The first signer whose key is known, of the given name.
pub(super) fn choose<'k>(
    signers: Vec<Result<Signer<'k>, String>>,
    name: Option<&str>,
) -> Result<Signer<'k>> {
    let mut reasons = Vec::new();
    for signer in signers {
        match signer {
            Ok(signer) if name.is_none_or(|name| name == signer.name) => return Ok(signer),
            Ok(signer) => reasons.push(format!("{:?}: has another name", signer.name)),
            Err(reason) => reasons.push(reason),
        }
    }
    match name {
        Some(name) => {
            bail!("--credential {name}: no such key is known:\n  {}", reasons.join("\n  "))
        }
        None => bail!("no credential has a known key:\n  {}", reasons.join("\n  ")),
    }
}

fn credential<'k>(
    config: &JwtConfig,
    entry: &Value,
    key: &KeyMatch,
    environment: &Environment,
    private_key: Option<&'k PrivateKey>,
) -> Result<Signer<'k>, String> {
    let reason = |text: &str| format!("{} {:?}: {text}", key.path, key.name);
    let signing_key = match (entry.get("secret"), entry.get("jwk")) {
        (Some(source), _) => {
            let text = read(source, environment).map_err(|text| reason(&text))?;
            SigningKey::Secret(secret(&text, config.flag("secret_is_base64")).map_err(reason)?)
        }
        (None, Some(jwk)) if jwk.get("kty").and_then(Value::as_str) == Some("oct") => {
            let text = jwk.get("k").and_then(Value::as_str).unwrap_or_default();
            SigningKey::Secret(secret(text, true).map_err(reason)?)
        }
        (None, jwk) => {
            let private = private_key.ok_or_else(|| reason("needs --private-key FILE"))?;
            let published = match (jwk, entry.get("public_key")) {
                (Some(jwk), _) => parse_jwk(jwk.to_string().as_bytes()),
                (None, Some(source)) => {
                    parse_pem(&read(source, environment).map_err(|text| reason(&text))?)
                }
                (None, None) => return Err(reason("has no key")),
            };
            let published = published.map_err(|invalid| reason(&invalid.reason))?;
            let own = private.public().map_err(|error| error.to_string())?;
            if own.spki != published.spki {
                return Err(reason("the private key belongs to another public key"));
            }
            SigningKey::Private(private)
        }
    };
    let claim = (config.key_claim_name().to_owned(), key.name.clone().into());
    Ok(Signer {
        name: key.name.clone(),
        kid: key.kid.clone(),
        algorithm: key.algorithms.first().copied().unwrap_or_default().to_owned(),
        key: signing_key,
        claims: vec![claim],
    })
}

/// An issuer publishes the public key, so any private key may be its own.
fn issuer<'k>(
    entry: &Value,
    key: &KeyMatch,
    private_key: Option<&'k PrivateKey>,
) -> Result<Signer<'k>, String> {
    let reason = |text: &str| format!("{} {:?}: {text}", key.path, key.name);
    let private = private_key.ok_or_else(|| reason("needs --private-key FILE"))?;
    let fitting = private.algorithms().iter().find(|name| key.algorithms.contains(name));
    let allowed = key.algorithms.join(", ");
    let algorithm = fitting
        .ok_or_else(|| reason(&format!("{} fits none of algorithms: {allowed}", private.kind())))?;
    Ok(Signer {
        name: key.name.clone(),
        kid: None,
        algorithm: (*algorithm).to_owned(),
        key: SigningKey::Private(private),
        claims: issuer_claims(entry, &key.name),
    })
}

/// The `iss`, and the claims of a template such as `https://id.example/{tid}/v2.0`.
fn issuer_claims(entry: &Value, template: &str) -> Vec<(String, Value)> {
    let mut claims = Vec::new();
    let segments = template.split('/').map(|segment| {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return segment;
        };
        let values = entry.get("issuer_values").and_then(|values| values.get(name));
        let value = values.and_then(|values| values.get(0)).and_then(Value::as_str);
        let value = value.unwrap_or("test");
        claims.push((name.to_owned(), value.into()));
        value
    });
    let iss = segments.collect::<Vec<_>>().join("/");
    claims.push(("iss".to_owned(), iss.into()));
    claims
}

/// The text of a key, without the newline that files and `echo` add to a variable.
fn read(source: &Value, environment: &Environment) -> Result<String, String> {
    if let Some(text) = source.as_str() {
        return Ok(text.to_owned());
    }
    let name = source.get("env").and_then(Value::as_str).unwrap_or_default();
    let value = environment.variables.get(name);
    let value =
        value.ok_or_else(|| format!("the variable {name} is not set; use --env {name}=value"))?;
    let trim = source.get("trim") != Some(&Value::Bool(false));
    let trimmed = value.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    Ok(trimmed.filter(|_| trim).unwrap_or(value).to_owned())
}

fn secret(text: &str, is_base64: bool) -> Result<Rc<[u8]>, &'static str> {
    if !is_base64 {
        return Ok(text.as_bytes().into());
    }
    let standard = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = BASE64_STANDARD_NO_PAD.decode(standard).ok().context("base64");
    bytes.map(Into::into).map_err(|_| "the secret is not base64")
}
