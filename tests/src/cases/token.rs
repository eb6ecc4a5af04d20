//! Tokens, signed with a library that the filters do not use.

use std::{collections::BTreeMap, str::FromStr};

use anyhow::{Context, Result, bail};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, crypto::sign};
use novasphere_cases::{Case, Exchange, TokenSpec};
use novasphere_harness::clock::unix_seconds;

use super::SigningKey;

/// Cases with fresh tokens.
pub trait Prepare {
    /// The exchanges with fresh tokens.
    ///
    /// # Errors
    /// If a token cannot be signed or is not defined.
    fn prepared(&self, environment: &BTreeMap<String, String>) -> Result<Vec<Exchange>>;
}

impl Prepare for Case {
    fn prepared(&self, environment: &BTreeMap<String, String>) -> Result<Vec<Exchange>> {
        self.prepared_with(&|spec| mint(spec, environment))
    }
}

/// Signs a token.
///
/// # Errors
/// If the algorithm or the key's variable is unknown, or the key does not fit the algorithm.
pub fn mint(spec: &TokenSpec, environment: &BTreeMap<String, String>) -> Result<String> {
    let message = spec.signing_input(unix_seconds());
    if spec.algorithm == "none" {
        return Ok(format!("{message}."));
    }
    let algorithm = Algorithm::from_str(&spec.algorithm)
        .with_context(|| format!("unknown algorithm {}", spec.algorithm))?;
    let key = match (algorithm.family(), &spec.private_key) {
        (AlgorithmFamily::Hmac, _) => {
            let secret =
                spec.secret.bytes(environment).context("the variable of secret is missing")?;
            EncodingKey::from_secret(secret)
        }
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
