//! The verdict about each key of a file. No part of it shows a private key or a secret.

use anyhow::Result;
use novasphere_explain::jwt::{
    InvalidKeyFact, KeyFacts, key_set, parse_jwk, parse_pem, thumbprint,
};
use serde_json::Value;

/// The verdict about a file.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) keys: Vec<KeyVerdict>,
    /// Why the filter uses none of the keys.
    pub(super) fault: Option<String>,
    /// Warnings of the filter about the set as a whole.
    pub(super) warnings: Vec<String>,
}

/// The verdict about a key.
#[derive(Debug)]
pub(super) struct KeyVerdict {
    /// `keys[0]`. Empty for a file with one key.
    pub(super) path: String,
    pub(super) kid: Option<String>,
    /// `None` if the filter does not use the key.
    pub(super) facts: Option<KeyFacts>,
    pub(super) thumbprint: Option<String>,
    pub(super) messages: Vec<String>,
    pub(super) severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// The key is usable.
    Usable,
    /// The key is not used, as its owner intends, or deviates from the standard.
    Note,
    /// The key should be in no key set.
    Error,
}

impl Severity {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Note => "note",
            Self::Error => "error",
        }
    }
}

impl Verdict {
    pub(super) fn of(input: &[u8], issuer: &str, allowed: Option<&[&str]>) -> Result<Self> {
        let text = String::from_utf8_lossy(input);
        if text.contains("-----BEGIN ") {
            return Ok(Self::of_one(parse_pem(&text), None));
        }
        let json: Value = serde_json::from_slice(input).unwrap_or_default();
        if json.get("keys").is_none() && json.get("kty").is_some() {
            let kid = json.get("kid").and_then(Value::as_str).map(str::to_owned);
            let key = parse_jwk(input).map_err(|invalid| InvalidKeyFact { ..invalid });
            let is_secret = json.get("kty").and_then(Value::as_str) == Some("oct");
            let mut verdict = Self::of_one(key, kid);
            if let (true, Some(key)) = (is_secret, verdict.keys.first_mut()) {
                key.messages.push(SECRET.to_owned());
                key.severity = Severity::Error;
            }
            return Ok(verdict);
        }
        Self::of_set(input, &json, issuer, allowed)
    }

    fn of_one(key: Result<KeyFacts, InvalidKeyFact>, kid: Option<String>) -> Self {
        let fault = key.as_ref().err().map(|invalid| format!("the key {}", invalid.reason));
        let verdict = KeyVerdict::new(String::new(), kid, key);
        Self { keys: vec![verdict], fault, warnings: Vec::new() }
    }

    fn of_set(input: &[u8], json: &Value, issuer: &str, allowed: Option<&[&str]>) -> Result<Self> {
        let facts = key_set(input, issuer, allowed)
            .map_err(|reason| anyhow::anyhow!("--issuer {issuer:?} {reason}"))?;
        let kids = json.get("keys").and_then(Value::as_array).map(Vec::as_slice);
        let kid = |index: usize| {
            let member = kids?.get(index)?.get("kid")?;
            member.as_str().map(str::to_owned)
        };
        let keys = facts.keys.into_iter().enumerate();
        let mut keys: Vec<KeyVerdict> = keys
            .map(|(index, key)| KeyVerdict::new(format!("keys[{index}]"), kid(index), key))
            .collect();
        find_duplicates(&mut keys);
        // The verdicts of the keys cover the warnings about single keys.
        let is_general =
            |warning: &String| !warning.contains("is not used: ") && !warning.contains("is used, ");
        let warnings = facts.warnings.into_iter().filter(is_general).collect();
        Ok(Self { keys, fault: facts.fault, warnings })
    }

    pub(super) fn severity(&self) -> Severity {
        if self.fault.is_some() || !self.warnings.is_empty() {
            return Severity::Error;
        }
        self.keys.iter().map(|key| key.severity).max().unwrap_or(Severity::Error)
    }
}

const SECRET: &str = "SECRET: this is an HMAC secret; keep the file private. As jwk of a credential it \
                      works, but the configuration shows it";

impl KeyVerdict {
    fn new(path: String, kid: Option<String>, key: Result<KeyFacts, InvalidKeyFact>) -> Self {
        match key {
            Ok(facts) => {
                let mut messages: Vec<String> = Vec::new();
                let deviations = facts.deviations.iter();
                messages.extend(deviations.map(|text| format!("is used, although it {text}")));
                let severity = if messages.is_empty() { Severity::Usable } else { Severity::Note };
                let thumbprint = thumbprint(&facts);
                Self { path, kid, facts: Some(facts), thumbprint, messages, severity }
            }
            Err(invalid) => {
                let message = match invalid.private_member {
                    Some("k") => {
                        "SECRET PUBLISHED: this is an HMAC secret, which any reader can sign \
                                  tokens with; remove it and replace the secret everywhere"
                            .to_owned()
                    }
                    Some(name) => format!(
                        "PRIVATE KEY PUBLISHED: the member {name:?} is private, and any reader can \
                         sign tokens; remove the key, generate a new one, and publish only its \
                         public members"
                    ),
                    None => format!("is not used: it {}", invalid.reason),
                };
                let severity = if invalid.is_intended { Severity::Note } else { Severity::Error };
                let messages = vec![message];
                Self { path, kid, facts: None, thumbprint: None, messages, severity }
            }
        }
    }
}

/// Type and algorithm distinguish keys of one `kid` (RFC 7517 section 4.5).
fn find_duplicates(keys: &mut [KeyVerdict]) {
    let mut messages = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let Some(facts) = &key.facts else { continue };
        let earlier = keys.iter().take(index).find(|other| {
            let other_facts = other.facts.as_ref();
            let shares_algorithm = other_facts.is_some_and(|other| {
                other.algorithms.iter().any(|name| facts.algorithms.contains(name))
            });
            other.kid == key.kid && shares_algorithm
        });
        let Some(other) = earlier else { continue };
        let is_same = key.thumbprint == other.thumbprint;
        let message = match (&key.kid, is_same) {
            (_, true) => format!("is the same key as {}; remove one", other.path),
            (Some(kid), false) => format!(
                "has the kid {kid:?} of {}; give each key its own kid, else the filter tries both",
                other.path
            ),
            // Sets without any kid are common, and the filter tries their keys.
            (None, false) => continue,
        };
        messages.push((index, message));
    }
    for (index, message) in messages {
        if let Some(key) = keys.get_mut(index) {
            key.messages.push(message);
            key.severity = Severity::Error;
        }
    }
}
