//! Faults of invalid tokens, each with the decision of the filter.

use std::rc::Rc;

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{draft::Draft, signer::SigningKey};
use crate::{
    private_key::{PrivateKey, pem_of_spki, random_bytes},
    token::config::JwtConfig,
};

/// A fault of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Fault {
    /// `exp` is in the past.
    Expired,
    /// `nbf` is in the future.
    NotYetValid,
    /// `iat` is in the future. Needs `iat` in `claims_to_verify`.
    IssuedInFuture,
    /// `exp` is too far in the future. Needs `maximum_expiration`.
    LifetimeTooLong,
    /// A required time claim is missing.
    MissingClaim,
    /// `exp` is a string.
    MalformedClaim,
    /// `iss` is an unknown issuer.
    WrongIssuer,
    /// `aud` is another service. Needs `audiences`.
    WrongAudience,
    /// `sub` is not accepted. Needs `subjects`.
    WrongSubject,
    /// `typ` is not accepted. Needs `typ`.
    WrongType,
    /// `alg` is `none`, and the signature is empty.
    AlgNone,
    /// `alg` is an algorithm of another key. For a public key: HMAC with the public key as the secret.
    WrongAlgorithm,
    /// `kid` is unknown. Needs a credential or key set with a `kid`.
    UnknownKid,
    /// A bit of the signature is changed.
    BadSignature,
    /// Another key of the same type made the signature.
    WrongKey,
    /// The payload is cut.
    Malformed,
    /// The header has `crit`.
    CriticalHeader,
    /// The token is longer than `max_token_bytes`.
    TooLarge,
    /// `jti` or `sub` is revoked. Needs `denied_tokens`.
    Denied,
    /// A required claim is missing. Needs `required_claims`.
    RequiredClaim,
    /// A required scope is missing. Needs `scopes`.
    InsufficientScope,
}

/// A value that no configuration accepts by accident.
const OTHER: &str = "https://other.invalid";

impl Fault {
    /// The decisions of the filter about such a token.
    pub(super) const fn decisions(self) -> &'static [&'static str] {
        match self {
            Self::Expired => &["expired"],
            Self::NotYetValid => &["not_yet_valid"],
            Self::IssuedInFuture => &["issued_in_future"],
            Self::LifetimeTooLong => &["lifetime_too_long"],
            Self::MissingClaim => &["missing_claim"],
            Self::MalformedClaim => &["malformed_claim"],
            // An unknown issuer has no key, unless another claim names the credential.
            Self::WrongIssuer => &["unknown_issuer", "wrong_issuer"],
            Self::WrongAudience => &["wrong_audience"],
            Self::WrongSubject => &["wrong_subject"],
            Self::WrongType => &["wrong_type"],
            Self::AlgNone => &["algorithm_not_allowed"],
            Self::WrongAlgorithm => &["algorithm_not_allowed", "algorithm_mismatch"],
            Self::UnknownKid => &["unknown_kid"],
            Self::BadSignature | Self::WrongKey => &["bad_signature"],
            Self::Malformed => &["malformed_token"],
            Self::CriticalHeader => &["critical_header"],
            Self::TooLarge => &["token_too_large"],
            Self::Denied => &["denied"],
            Self::RequiredClaim => &["required_claim"],
            Self::InsufficientScope => &["insufficient_scope"],
        }
    }

    /// The token with the fault.
    pub(super) fn token(self, mut draft: Draft<'_>, config: &JwtConfig) -> Result<String> {
        match self {
            Self::AlgNone => {
                draft.header.insert("alg".to_owned(), "none".into());
                return Ok(format!("{}.", draft.message()));
            }
            Self::BadSignature => return with_other_signature(&draft.sign()?),
            Self::Malformed => return cut(&draft.sign()?),
            Self::WrongAlgorithm => return with_other_algorithm(draft),
            Self::WrongKey => draft.key = other_key(&draft.key)?,
            Self::UnknownKid => {
                draft.header.insert("kid".to_owned(), "unknown-kid".into());
            }
            Self::CriticalHeader => {
                draft.header.insert("crit".to_owned(), json!(["exp"]));
            }
            Self::WrongType => {
                field(config, "typ")?;
                draft.header.insert("typ".to_owned(), "other+jwt".into());
            }
            _ => self.change_claims(&mut draft, config)?,
        }
        draft.sign()
    }

    fn change_claims(self, draft: &mut Draft<'_>, config: &JwtConfig) -> Result<()> {
        // Further away than any leeway.
        let (past, future) = (draft.now.saturating_sub(86_400), draft.now.saturating_add(86_400));
        match self {
            Self::Expired => {
                // Otherwise, another check rejects the token first.
                for claim in ["iat", "nbf"] {
                    if draft.claims.contains_key(claim) {
                        draft.set(claim, past.saturating_sub(3_600));
                    }
                }
                draft.set("exp", past);
            }
            Self::NotYetValid => draft.set("nbf", future),
            Self::IssuedInFuture => draft.set("iat", future),
            Self::LifetimeTooLong => {
                let maximum = config.number("maximum_expiration").filter(|maximum| *maximum > 0);
                let maximum = maximum.context("the configuration has no maximum_expiration")?;
                draft.set("exp", future.saturating_add(maximum));
            }
            Self::MissingClaim => {
                let claim = match config.get("claims_to_verify") {
                    None => "exp",
                    Some(_) => config
                        .first_text("claims_to_verify")
                        .context("claims_to_verify is empty, so no time claim is required")?,
                };
                draft.claims.remove(claim);
            }
            Self::MalformedClaim => draft.set("exp", "tomorrow"),
            Self::WrongIssuer => draft.set("iss", OTHER),
            Self::WrongAudience => draft.set("aud", field(config, "audiences").map(|_| OTHER)?),
            Self::WrongSubject => draft.set("sub", field(config, "subjects").map(|_| OTHER)?),
            Self::TooLarge => {
                let max = config.number("max_token_bytes").unwrap_or(16_384);
                let padding = "x".repeat(usize::try_from(max)?);
                draft.set("padding", padding);
            }
            Self::Denied => deny(draft, config)?,
            Self::RequiredClaim => {
                let required = field(config, "required_claims")?.get(0);
                let claim = required.and_then(|required| required.get("claim"));
                let name =
                    claim.and_then(|claim| claim.as_str().or_else(|| claim.get(0)?.as_str()));
                remove(draft, name.unwrap_or_default());
            }
            Self::InsufficientScope => {
                field(config, "scopes")?;
                draft.claims.remove("scp");
                draft.set("scope", "other");
            }
            // The faults that are not in the claims.
            _ => {}
        }
        Ok(())
    }
}

/// The field of the configuration that a fault needs.
fn field<'c>(config: &'c JwtConfig, name: &str) -> Result<&'c Value> {
    config.get(name).with_context(|| {
        format!("{}: has no {name}, so the filter does not check this", config.name)
    })
}

/// Removes the outermost claim of a path.
fn remove(draft: &mut Draft<'_>, path: &str) {
    let first = path.split('.').next().unwrap_or_default();
    if draft.claims.remove(path).is_none() {
        draft.claims.remove(first);
    }
}

fn deny(draft: &mut Draft<'_>, config: &JwtConfig) -> Result<()> {
    let denied = field(config, "denied_tokens")?;
    let first = |claim: &str| Some((claim.to_owned(), denied.get(claim)?.get(0)?.clone()));
    let (claim, value) =
        first("jti").or_else(|| first("sub")).context("denied_tokens has no entry")?;
    draft.claims.insert(claim, value);
    Ok(())
}

fn with_other_signature(token: &str) -> Result<String> {
    let (message, signature) = token.rsplit_once('.').context("no signature")?;
    let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
    // The first byte of an RSA signature must stay below the modulus to be compared at all.
    *bytes.last_mut().context("no signature")? ^= 1;
    Ok(format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

fn cut(token: &str) -> Result<String> {
    let (message, signature) = token.rsplit_once('.').context("no signature")?;
    let (header, payload) = message.split_once('.').context("no payload")?;
    // Whole groups of four letters, so that the payload is still base64url.
    let end = (payload.len() / 2) & !3;
    Ok(format!("{header}.{}.{signature}", payload.get(..end).unwrap_or_default()))
}

/// Signs with the algorithm that an attacker would choose.
fn with_other_algorithm(mut draft: Draft<'_>) -> Result<String> {
    let secret: Rc<[u8]> = match &draft.key {
        SigningKey::Secret(secret) => Rc::clone(secret),
        SigningKey::Private(key) => pem_of_spki(&key.public()?.spki).into_bytes().into(),
        SigningKey::New(_) => bail!("the key is new"),
    };
    let algorithm = if draft.algorithm == "HS256" { "HS512" } else { "HS256" };
    draft.key = SigningKey::Secret(secret);
    draft.algorithm = algorithm.to_owned();
    draft.header.insert("alg".to_owned(), algorithm.into());
    draft.sign()
}

fn other_key<'k>(key: &SigningKey<'k>) -> Result<SigningKey<'k>> {
    Ok(match key {
        SigningKey::Secret(secret) => SigningKey::Secret(random_bytes(secret.len())?.into()),
        SigningKey::Private(key) => SigningKey::New(Rc::new(PrivateKey::generate(key.key_type())?)),
        SigningKey::New(key) => SigningKey::New(Rc::clone(key)),
    })
}
