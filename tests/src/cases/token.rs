//! Tokens, made with a library that the filters do not use.

use std::{collections::BTreeMap, fs, str::FromStr};

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{clock, paths::repository};

/// What a token is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// The algorithm it is signed with, or none. ES512 is not among those known.
    pub algorithm: String,
    /// The secret it is signed with.
    #[serde(default)]
    pub secret: Key,
    /// The private key it is signed with: a name in `tests/vectors/keys.json`.
    #[serde(default)]
    pub private_key: Option<String>,
    /// Members of its JOSE header besides `alg` and `typ`, or instead of them; null takes one away.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// Its claims; `now+600` is a `NumericDate`.
    pub claims: Value,
}

/// A symmetric key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// The key itself.
    Text(String),
    /// A variable that holds it.
    Variable(Variable),
}

impl Default for Key {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The name of a variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// The name.
    pub env: String,
}

impl Key {
    /// The key in a variable of the environment.
    pub fn variable(name: &str) -> Self {
        Self::Variable(Variable { env: name.to_owned() })
    }

    fn bytes<'k>(&'k self, environment: &'k BTreeMap<String, String>) -> Result<&'k [u8]> {
        match self {
            Key::Text(text) => Ok(text.as_bytes()),
            Key::Variable(Variable { env }) => {
                let value = environment.get(env);
                Ok(value.with_context(|| format!("no variable {env}"))?.as_bytes())
            }
        }
    }
}

/// Makes a token.
///
/// # Errors
/// When the algorithm or the key's variable is unknown.
pub fn mint(spec: &TokenSpec, environment: &BTreeMap<String, String>) -> Result<String> {
    let mut header = Map::from_iter([
        ("alg".to_owned(), spec.algorithm.as_str().into()),
        ("typ".to_owned(), "JWT".into()),
    ]);
    header.extend(spec.header.clone());
    header.retain(|_, value| !value.is_null());
    let claims = with_dates(spec.claims.clone());
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header.into()), part(claims));
    if spec.algorithm == "none" {
        return Ok(format!("{message}."));
    }
    let algorithm = Algorithm::from_str(&spec.algorithm)
        .with_context(|| format!("unknown algorithm {}", spec.algorithm))?;
    let key = match &spec.private_key {
        None => EncodingKey::from_secret(spec.secret.bytes(environment)?),
        Some(name) => private_key(name, algorithm)?,
    };
    let signature = sign(message.as_bytes(), &key, algorithm)
        .with_context(|| format!("cannot sign with {}", spec.algorithm))?;
    Ok(format!("{message}.{signature}"))
}

fn private_key(name: &str, algorithm: Algorithm) -> Result<EncodingKey> {
    let path = repository().join("tests/vectors/keys.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let keys: Value = serde_json::from_str(&text)?;
    let pem = keys.get(name).and_then(|key| key.get("private")).and_then(Value::as_str);
    let pem = pem.with_context(|| format!("no private key {name}"))?.as_bytes();
    let key = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        _ => EncodingKey::from_rsa_pem(pem),
    };
    key.with_context(|| format!("{name} is no key for {algorithm:?}"))
}

/// Replaces `now`, `now+600` and `now-5`, wherever they stand, by dates.
fn with_dates(value: Value) -> Value {
    match value {
        Value::String(text) => match date(&text) {
            Some(date) => date.into(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(with_dates).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, with_dates(value))).collect()
        }
        other => other,
    }
}

fn date(text: &str) -> Option<i64> {
    let offset = text.strip_prefix("now")?;
    let offset: i64 = if offset.is_empty() {
        0
    } else if offset.starts_with(['+', '-']) {
        offset.parse().ok()?
    } else {
        return None;
    };
    i64::try_from(clock::unix_seconds()).ok()?.checked_add(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.1, but for the line breaks that JSON printers do not make.
    #[test]
    fn a_token_is_signed() {
        let spec = r#"{"algorithm": "HS256", "secret": "k", "header": {"typ": null, "kid": "1"},
            "claims": {"iss": "joe"}}"#;
        let token = mint(&serde_json::from_str(spec).unwrap(), &BTreeMap::new()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decode =
            |part| String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!(decode(parts[0]), r#"{"alg":"HS256","kid":"1"}"#);
        assert_eq!(decode(parts[1]), r#"{"iss":"joe"}"#);
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 32);
    }

    #[test]
    fn dates_are_relative() {
        let now = i64::try_from(clock::unix_seconds()).unwrap();
        assert!((date("now+600").unwrap() - now - 600).abs() <= 1);
        assert!((date("now-5").unwrap() - now + 5).abs() <= 1);
        assert!(date("now").is_some());
        assert_eq!(date("nowhere"), None);
        assert_eq!(date("now+x"), None);
    }
}
