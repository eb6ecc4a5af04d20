//! Tokens, signed with a library that the filters do not use.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{Context, Result, bail};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, crypto::sign};
use novasphere_harness::token::signing_input;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::PrivateKey;

/// The contents of a token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// The signing algorithm: HS, RS or PS with 256, 384 or 512, ES256, ES384, `EdDSA`, or none.
    pub algorithm: String,
    /// The key for an HS algorithm.
    #[serde(default)]
    pub secret: Key,
    /// The key for any other algorithm.
    #[serde(default)]
    pub private_key: Option<PrivateKey>,
    /// Members of the JOSE header that add to or replace `alg` and `typ`. Null removes a member.
    #[serde(default)]
    pub header: Map<String, Value>,
    /// The claims. `now+600` is a `NumericDate`.
    pub claims: Value,
    /// The length of a claim `padding`, which makes the token large.
    #[serde(default)]
    pub padding: Option<usize>,
}

/// A symmetric key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// The key.
    Text(String),
    /// A variable that holds the key.
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
    /// The key, read from the environment if it is a variable.
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

/// Signs a token.
///
/// # Errors
/// If the algorithm or the key's variable is unknown, or the key does not fit the algorithm.
pub fn mint(spec: &TokenSpec, environment: &BTreeMap<String, String>) -> Result<String> {
    let mut header = Map::from_iter([
        ("alg".to_owned(), spec.algorithm.as_str().into()),
        ("typ".to_owned(), "JWT".into()),
    ]);
    header.extend(spec.header.clone());
    header.retain(|_, value| !value.is_null());
    let mut claims = spec.claims.clone();
    if let (Some(length), Value::Object(claims)) = (spec.padding, &mut claims) {
        claims.insert("padding".to_owned(), "x".repeat(length).into());
    }
    let message = signing_input(header.into(), claims);
    if spec.algorithm == "none" {
        return Ok(format!("{message}."));
    }
    let algorithm = Algorithm::from_str(&spec.algorithm)
        .with_context(|| format!("unknown algorithm {}", spec.algorithm))?;
    let key = match (algorithm.family(), &spec.private_key) {
        (AlgorithmFamily::Hmac, _) => EncodingKey::from_secret(spec.secret.bytes(environment)?),
        (_, Some(key)) => key.for_algorithm(algorithm)?,
        (_, None) => bail!("{} needs a private_key", spec.algorithm),
    };
    let signature = sign(message.as_bytes(), &key, algorithm)
        .with_context(|| format!("cannot sign with {}", spec.algorithm))?;
    Ok(format!("{message}.{signature}"))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use novasphere_harness::token::hs256;

    use super::*;

    /// RFC 7515 appendix A.1, without its line breaks, which JSON printers do not write.
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

    /// The harness signs HS256 itself, without this library.
    #[test]
    fn the_harness_makes_the_same_token() {
        let claims = serde_json::json!({"iss": "joe", "exp": 1});
        let spec = serde_json::json!({"algorithm": "HS256", "secret": "k", "claims": claims});
        let token = mint(&serde_json::from_value(spec).unwrap(), &BTreeMap::new()).unwrap();
        assert_eq!(token, hs256(claims, b"k").unwrap());
    }
}
