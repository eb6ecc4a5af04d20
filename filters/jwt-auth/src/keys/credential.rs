//! Who may sign tokens.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use novasphere_core::{BuildContext, Env, KeySource};

use crate::{
    config::algorithm::Algorithm,
    config::{Config, CredentialConfig, required},
    decision::Refusal,
    identity::consumer::Consumer,
    keys::invalid_key::InvalidKey,
    keys::jwk::{Jwk, Material},
    keys::key::{self, Key},
    keys::pem,
    keys::verifier::Verifier,
    token::Token,
};

/// A key somebody signs tokens with, and whom the upstream is told that is.
#[derive(Debug)]
pub(crate) struct Credential {
    /// The value of `key_claim_name`.
    name: String,
    key: Key,
    /// Whom its tokens are from; the identifier is the name.
    pub consumer: Consumer,
}

/// All of them, and how a token names one.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Sorted by key; those of one key in the order they were written.
    sorted: Vec<Credential>,
    key_claim_name: String,
}

impl Credentials {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        required(Some(&config.key_claim_name), "key_claim_name", cx);
        let wires = &config.credentials.0;
        if wires.is_empty() && config.jwks.is_empty() {
            let message = "is empty, as is jwks: without a key no token can be right";
            cx.fault("credentials", message);
        }
        let mut sorted: Vec<Credential> = Vec::new();
        let mut seen: Vec<(&str, Vec<u8>)> = Vec::new();
        for (i, wire) in wires.iter().enumerate() {
            let at = format!("credentials[{i}]");
            let mut reader = CredentialReader { config, at: &at, cx: &mut *cx };
            let name = reader.name(wire);
            let key = reader.signing_key(wire);
            let (Some(name), Some((key, field, bytes))) = (name, key) else { continue };
            if seen.iter().any(|(n, b)| *n == name && *b == bytes) {
                let what = if field == "secret" { "secret" } else { "key" };
                let message = format!("another credential with the key {name:?} has this {what}");
                cx.fault(format!("{at}.{field}"), message);
                continue;
            }
            let place = sorted.partition_point(|credential| credential.name.as_str() <= name);
            sorted.insert(place, reader.credential(wire, name, key));
            seen.push((name, bytes));
        }
        Self { sorted, key_claim_name: config.key_claim_name.clone() }
    }

    /// The credential `token` is signed by. Who configured several under one name has them all
    /// tried.
    pub fn signer_of(&self, token: &Token<'_>, env: &Env<'_>) -> Result<&Credential, Refusal> {
        let claim_name = &self.key_claim_name;
        let claim = token.claims.get(claim_name).or_else(|| token.header.get(claim_name));
        let name = claim.and_then(|claim| claim.as_str()).ok_or(Refusal::UnknownKey)?;
        key::signer_of(self.called(name), token, usize::MAX, env)
    }

    fn called(&self, name: &str) -> impl Iterator<Item = &Credential> {
        let start = self.sorted.partition_point(|credential| credential.name.as_str() < name);
        self.sorted.iter().skip(start).take_while(move |credential| credential.name == name)
    }
}

impl AsRef<Key> for Credential {
    fn as_ref(&self) -> &Key {
        &self.key
    }
}

/// Reads one credential of a configuration. No fault it adds shows a secret.
struct CredentialReader<'r, 'h> {
    config: &'r Config,
    at: &'r str,
    cx: &'r mut BuildContext<'h>,
}

impl CredentialReader<'_, '_> {
    fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.cx.fault(format!("{}.{field}", self.at), message);
    }

    fn name<'c>(&mut self, wire: &'c CredentialConfig) -> Option<&'c str> {
        required(wire.key.as_deref(), &format!("{}.key", self.at), self.cx)
    }

    /// The key that verifies signatures, with the field it is in.
    fn jwk(&mut self, wire: &CredentialConfig) -> Option<(Jwk, &'static str)> {
        let (field, jwk) = match (&wire.secret, &wire.public_key, &wire.jwk) {
            (Some(text), None, None) => ("secret", self.secret(text)?),
            (None, Some(text), None) => {
                let at = format!("{}.public_key", self.at);
                let text = text.read(&at, self.cx)?;
                ("public_key", pem::public_key(&text).map(|key| Jwk::from(Material::Public(key))))
            }
            (None, None, Some(json)) => ("jwk", Jwk::read(json)),
            (None, None, None) => {
                self.cx.fault(self.at, "needs a key: secret, public_key or jwk");
                return None;
            }
            _ => {
                self.cx.fault(self.at, "has several keys: give one of secret, public_key, jwk");
                return None;
            }
        };
        match jwk {
            Ok(jwk) => Some((jwk, field)),
            Err(invalid) => {
                self.fault(field, invalid.to_string());
                None
            }
        }
    }

    fn secret(&mut self, text: &KeySource) -> Option<Result<Jwk, InvalidKey>> {
        let at = format!("{}.secret", self.at);
        let text = text.read_secret(&at, self.cx)?;
        let secret = if self.config.secret_is_base64 {
            let Some(decoded) = decode_base64(&text) else {
                self.fault("secret", "is not base64, as secret_is_base64 says it is");
                return None;
            };
            decoded
        } else {
            text.into_bytes()
        };
        // With a public key for its secret, HMAC would take tokens from everybody.
        if pem::is_pem(&String::from_utf8_lossy(&secret)) {
            self.fault("secret", "is a PEM key, not a secret; write a public key as public_key");
            return None;
        }
        Some(Ok(Jwk::from(Material::Secret(secret))))
    }

    /// The algorithm of the key: what is configured, if it fits what the key says of itself.
    fn algorithm(&mut self, wire: &CredentialConfig, jwk: &Jwk) -> Option<Algorithm> {
        let Some(algorithm) = wire.algorithm else {
            return Some(jwk.algorithm.unwrap_or_else(|| jwk.material.default_algorithm()));
        };
        let name = algorithm.name();
        if !jwk.material.fits(algorithm) {
            let fitting: Vec<_> = jwk.material.algorithms().map(Algorithm::name).collect();
            let message =
                format!("{name} is not for {}; take {}", jwk.material.kind(), fitting.join(", "));
            self.fault("algorithm", message);
            return None;
        }
        if let Some(other) = jwk.algorithm.filter(|other| *other != algorithm) {
            self.fault("algorithm", format!("{name} is not the alg of the jwk, {}", other.name()));
            return None;
        }
        Some(algorithm)
    }

    fn kid(&mut self, wire: &CredentialConfig, jwk: &Jwk) -> Option<String> {
        if let (Some(kid), Some(own)) = (&wire.kid, &jwk.kid)
            && kid != own
        {
            self.fault("kid", format!("{kid:?} is not the kid of the jwk"));
        }
        wire.kid.clone().or_else(|| jwk.kid.clone())
    }

    fn check_secret(&mut self, field: &str, algorithm: Algorithm, material: &Material) -> bool {
        let Material::Secret(secret) = material else { return true };
        let (name, needed) = (algorithm.name(), algorithm.secret_size().unwrap_or_default());
        if field == "jwk" {
            self.cx.warn(&format!(
                "{}.jwk: its secret is readable in the configuration; secret: {{\"env\": \
                 \"NAME\"}} takes it from the proxy's environment",
                self.at
            ));
        }
        if secret.is_empty() {
            self.fault(field, "is empty");
        } else if secret.len() < needed && !self.config.allow_weak_secret {
            let message = format!(
                "must be at least {needed} bytes for {name} (RFC 7518 3.2), not {}; take a longer \
                 one, or set allow_weak_secret",
                secret.len()
            );
            self.fault(field, message);
        } else {
            return true;
        }
        false
    }

    /// The key, ready for use, with the field it is in and what it is made of.
    fn signing_key(&mut self, wire: &CredentialConfig) -> Option<(Key, &'static str, Vec<u8>)> {
        let (jwk, field) = self.jwk(wire)?;
        let kid = self.kid(wire, &jwk);
        let algorithm = self.algorithm(wire, &jwk)?;
        if !self.check_secret(field, algorithm, &jwk.material) {
            return None;
        }
        let verifier = Verifier::new(algorithm, &jwk.material)?;
        Some((Key { kid, verifier }, field, jwk.material.bytes()))
    }

    fn credential(&mut self, wire: &CredentialConfig, name: &str, key: Key) -> Credential {
        let at = |field: &str| format!("{}.{field}", self.at);
        let consumer = Consumer::new(&wire.consumer, &at("consumer"), self.cx).identified_by(
            name,
            &at("key"),
            self.cx,
        );
        Credential { name: name.to_owned(), key, consumer }
    }
}

/// Both alphabets of RFC 4648, padded or not, white space around it ignored.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}
