//! Who may sign tokens.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use novasphere_core::{ConfigErrors, Host};

use crate::{
    config::{Config, CredentialConfig, SecretConfig, required},
    header_text::{self, UnusableText},
    refusal::Refusal,
    token::Token,
    verifier::{Algorithm, Verifier},
};

/// A key somebody signs tokens with, and whom the upstream is told that is.
#[derive(Debug)]
pub(crate) struct Credential {
    key: String,
    kid: Option<String>,
    verifier: Verifier,
    /// `X-Consumer-ID`.
    pub consumer_id: Option<Vec<u8>>,
    /// `X-Consumer-Custom-ID`.
    pub consumer_custom_id: Option<Vec<u8>>,
    /// `X-Consumer-Username`.
    pub consumer_username: Option<Vec<u8>>,
    /// `X-Credential-Identifier`: the key.
    pub identifier: Option<Vec<u8>>,
}

/// All of them, and how a token names one.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Sorted by key; those of one key in the order they were written.
    sorted: Vec<Credential>,
    key_claim_name: String,
}

impl Credentials {
    pub fn new(config: &Config, host: &dyn Host, errors: &mut ConfigErrors) -> Self {
        required(Some(&config.key_claim_name), "key_claim_name", errors);
        let wires = &config.credentials.0;
        if wires.is_empty() {
            errors.add("credentials", "is empty: without a credential no token can be right");
        }
        let mut sorted: Vec<Credential> = Vec::new();
        let mut seen: Vec<(&str, Vec<u8>)> = Vec::new();
        for (i, wire) in wires.iter().enumerate() {
            let at = format!("credentials[{i}]");
            let mut reader = CredentialReader { config, host, at: &at, errors: &mut *errors };
            let key = reader.key(wire);
            let secret = reader.secret(wire);
            let (Some(key), Some(secret)) = (key, secret) else { continue };
            if seen.iter().any(|(k, s)| *k == key && *s == secret) {
                let message = format!("another credential with the key {key:?} has this secret");
                errors.add(format!("{at}.secret"), message);
                continue;
            }
            let place = sorted.partition_point(|credential| credential.key.as_str() <= key);
            sorted.insert(place, reader.credential(wire, key, &secret));
            seen.push((key, secret));
        }
        Self { sorted, key_claim_name: config.key_claim_name.clone() }
    }

    /// The credential `token` is signed by.
    pub fn signer_of(&self, token: &Token<'_>) -> Result<&Credential, Refusal> {
        let name = &self.key_claim_name;
        let claim = token.claims.get(name).or_else(|| token.header.get(name));
        let key = claim.and_then(|claim| claim.as_str()).ok_or(Refusal::UnknownKey)?;
        let kid = token.header.get("kid");
        let fits = |credential: &&Credential| match (&credential.kid, kid) {
            (Some(wanted), Some(kid)) => kid.as_str() == Some(wanted),
            _ => true,
        };
        // What is known of the best credential so far.
        let mut refusal = Refusal::UnknownKey;
        for credential in self.with_key(key).filter(fits) {
            if credential.verifier.algorithm().name() != token.algorithm() {
                if refusal == Refusal::UnknownKey {
                    refusal = Refusal::AlgorithmMismatch;
                }
            } else if credential.verifier.verifies(token.signed, &token.signature) {
                return Ok(credential);
            } else {
                refusal = Refusal::BadSignature;
            }
        }
        Err(refusal)
    }

    fn with_key<'s>(&'s self, key: &str) -> impl Iterator<Item = &'s Credential> {
        let start = self.sorted.partition_point(|credential| credential.key.as_str() < key);
        self.sorted.iter().skip(start).take_while(move |credential| credential.key == key)
    }
}

/// Reads one credential of a configuration. No fault it adds shows a secret.
struct CredentialReader<'r> {
    config: &'r Config,
    host: &'r dyn Host,
    at: &'r str,
    errors: &'r mut ConfigErrors,
}

impl CredentialReader<'_> {
    fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.errors.add(format!("{}.{field}", self.at), message);
    }

    fn key<'c>(&mut self, wire: &'c CredentialConfig) -> Option<&'c str> {
        required(wire.key.as_deref(), &format!("{}.key", self.at), self.errors)
    }

    /// The bytes of the secret, long enough.
    fn secret(&mut self, wire: &CredentialConfig) -> Option<Vec<u8>> {
        let text = self.secret_text(wire)?;
        let secret = if self.config.secret_is_base64 {
            let Some(decoded) = decode_base64(&text) else {
                self.fault("secret", "is not base64, as secret_is_base64 says it is");
                return None;
            };
            decoded
        } else {
            text.into_bytes()
        };
        self.check_size(wire.algorithm, &secret).then_some(secret)
    }

    fn check_size(&mut self, algorithm: Algorithm, secret: &[u8]) -> bool {
        let (name, needed) = (algorithm.name(), algorithm.secret_size());
        if secret.is_empty() {
            self.fault("secret", "is empty");
        } else if secret.len() < needed && !self.config.allow_weak_secret {
            let message = format!(
                "must be at least {needed} bytes for {name} (RFC 7518 3.2), not {}; take a longer \
                 one, or set allow_weak_secret",
                secret.len()
            );
            self.fault("secret", message);
        } else {
            return true;
        }
        false
    }

    fn secret_text(&mut self, wire: &CredentialConfig) -> Option<String> {
        match &wire.secret {
            None => self.fault("secret", "is required"),
            Some(SecretConfig::Text(text)) => {
                self.host.warn(&format!(
                    "{}.secret: is readable in the configuration; {{\"env\": \"NAME\"}} takes it \
                     from the proxy's environment",
                    self.at
                ));
                return Some(text.clone());
            }
            // Not quoted: where a name is expected, somebody writes the secret itself.
            Some(SecretConfig::Env(name)) if !is_variable_name(name) => {
                self.fault("secret.env", "must be the name of a variable: letters, digits and _");
            }
            Some(SecretConfig::Env(name)) => match self.host.variable(name) {
                Some(text) => return Some(text),
                None => {
                    let remedy = self.host.variable_remedy(name);
                    self.fault("secret.env", format!("there is no variable {name}; {remedy}"));
                }
            },
        }
        None
    }

    fn credential(&mut self, wire: &CredentialConfig, key: &str, secret: &[u8]) -> Credential {
        let consumer = &wire.consumer;
        Credential {
            key: key.to_owned(),
            kid: wire.kid.clone(),
            verifier: Verifier::hmac(wire.algorithm, secret),
            consumer_id: self.header("consumer.id", consumer.id.as_deref()),
            consumer_custom_id: self.header("consumer.custom_id", consumer.custom_id.as_deref()),
            consumer_username: self.header("consumer.username", consumer.username.as_deref()),
            identifier: self.header("key", Some(key)),
        }
    }

    fn header(&mut self, field: &str, text: Option<&str>) -> Option<Vec<u8>> {
        let value = header_text::from_text(text?);
        if let Err(UnusableText) = value {
            self.fault(field, "holds a control character, or is too long for a header");
        }
        value.ok().filter(|value| !value.is_empty())
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Both alphabets of RFC 4648, padded or not, white space around it ignored.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}
