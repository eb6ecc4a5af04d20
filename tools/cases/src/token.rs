//! The contents of tokens.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::time::from_now;

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

    /// The key. `None` if its variable is missing.
    pub fn bytes<'k>(&'k self, environment: &'k BTreeMap<String, String>) -> Option<&'k [u8]> {
        match self {
            Key::Text(text) => Some(text.as_bytes()),
            Key::Variable(Variable { env }) => environment.get(env).map(String::as_bytes),
        }
    }
}

/// The source of a private key.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum PrivateKey {
    /// PEM text: PKCS#8, or PKCS#1 for RSA. Any other text is a name in `tests/vectors/keys.json`.
    Text(String),
    /// A file in `tests/keys`.
    File(PrivateKeyFile),
}

/// The name of a key file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivateKeyFile {
    /// The name, relative to `tests/keys`.
    pub file: String,
}

impl PrivateKey {
    /// The key in a file with this name.
    pub fn file(name: &str) -> Self {
        Self::File(PrivateKeyFile { file: name.to_owned() })
    }
}

impl TokenSpec {
    /// The first two parts of the token and the dot between them. `now` is in seconds since the
    /// epoch.
    pub fn signing_input(&self, now: u64) -> String {
        let mut header = Map::from_iter([
            ("alg".to_owned(), self.algorithm.as_str().into()),
            ("typ".to_owned(), json!("JWT")),
        ]);
        header.extend(self.header.clone());
        header.retain(|_, value| !value.is_null());
        let mut claims = self.claims.clone();
        if let (Some(length), Value::Object(claims)) = (self.padding, &mut claims) {
            claims.insert("padding".to_owned(), "x".repeat(length).into());
        }
        signing_input(header.into(), claims, now)
    }
}

/// The JWS signing input. Replaces the strings `now`, `now+600` and `now-5` anywhere in the claims
/// with a `NumericDate`. `now` is in seconds since the epoch.
pub fn signing_input(header: Value, claims: Value, now: u64) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(with_dates(claims, now)))
}

fn with_dates(value: Value, now: u64) -> Value {
    match value {
        Value::String(text) => match date(&text, now) {
            Some(date) => date.into(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(|item| with_dates(item, now)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, with_dates(value, now))).collect()
        }
        other => other,
    }
}

fn date(text: &str, now: u64) -> Option<i64> {
    i64::try_from(now).ok()?.checked_add(from_now(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_relative() {
        assert_eq!(date("now+600", 1_000), Some(1_600));
        assert_eq!(date("now-5", 1_000), Some(995));
        assert_eq!(date("now", 1_000), Some(1_000));
        assert_eq!(date("nowhere", 1_000), None);
        assert_eq!(date("now+x", 1_000), None);
    }

    #[test]
    fn header_members_can_be_removed() {
        let spec = json!({"algorithm": "HS256", "header": {"typ": null, "kid": "1"},
            "claims": {"exp": "now+1"}});
        let spec: TokenSpec = serde_json::from_value(spec).unwrap();
        let input = spec.signing_input(1_000);
        let parts: Vec<_> = input
            .split('.')
            .map(|part| String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts, [r#"{"alg":"HS256","kid":"1"}"#, r#"{"exp":1001}"#]);
    }
}
