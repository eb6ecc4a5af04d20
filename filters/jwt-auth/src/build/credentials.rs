//! The credentials.

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use novasphere_core::{BuildContext, KeySource};

use super::{field, identity};
use crate::{
    config::{Algorithm, Config, CredentialConfig},
    keys::{
        credential::{Credential, Credentials},
        invalid_key::InvalidKey,
        jwk::{Jwk, Material},
        key::Key,
        pem,
        tries::{ExcessKeys, excess, max_tries},
        verifier::Verifier,
    },
};

#[cold]
pub(super) fn build(config: &Config, cx: &mut BuildContext<'_>) -> Credentials {
    field::required(Some(&config.key_claim_name), "key_claim_name", cx);
    let configs = &config.credentials.0;
    if configs.is_empty() && config.jwks.is_empty() {
        cx.fault("credentials", "configure at least one key in credentials or jwks");
    }
    let mut credentials = Credentials::new(config.key_claim_name.clone());
    let mut seen: Vec<(&str, Vec<u8>)> = Vec::new();
    for (i, entry) in configs.iter().enumerate() {
        let path = format!("credentials[{i}]");
        let mut builder = CredentialBuilder { config, entry, path: &path, cx: &mut *cx };
        let name = builder.name();
        let key = builder.key();
        let (Some(name), Some(key)) = (name, key) else { continue };
        if seen.iter().any(|(n, bytes)| *n == name && *bytes == key.bytes) {
            let kind = if key.field == "secret" { "secret" } else { "key" };
            let message =
                format!("is repeated: another credential with key {name:?} has this {kind}");
            cx.fault(format!("{path}.{}", key.field), message);
            continue;
        }
        seen.push((name, key.bytes));
        credentials.add(builder.credential(name, key.key));
    }
    warn_of_excess(&credentials, cx);
    credentials
}

/// Warns about credentials that may never be tried.
#[cold]
fn warn_of_excess(credentials: &Credentials, cx: &mut BuildContext<'_>) {
    for group in credentials.groups() {
        let keys = group.iter().map(|c| (c.key.kid.as_deref(), c.key.algorithm()));
        let name = group.first().map(|credential| credential.name.as_str()).unwrap_or_default();
        for ExcessKeys { algorithm, count } in excess(keys, true) {
            let (algorithm, max) = (algorithm.name(), max_tries(algorithm));
            let message = format!(
                "a token of {name:?} may need {count} {algorithm} keys, but only the last {max} are \
                 tried: give each of them its kid, or remove old ones"
            );
            cx.warn("credentials", &message);
        }
    }
}

/// A checked key.
struct CheckedKey {
    key: Key,
    /// The field that holds it.
    field: &'static str,
    /// See [`Material::bytes`].
    bytes: Vec<u8>,
}

/// Builds one credential. Its faults show no secret.
struct CredentialBuilder<'b, 'c, 'h> {
    config: &'c Config,
    entry: &'c CredentialConfig,
    path: &'b str,
    cx: &'b mut BuildContext<'h>,
}

impl<'c> CredentialBuilder<'_, 'c, '_> {
    fn fault(&mut self, field: &str, message: impl Into<String>) {
        self.cx.fault(format!("{}.{field}", self.path), message);
    }

    fn name(&mut self) -> Option<&'c str> {
        field::required(self.entry.key.as_deref(), &format!("{}.key", self.path), self.cx)
    }

    #[cold]
    fn key(&mut self) -> Option<CheckedKey> {
        let (jwk, field) = self.jwk()?;
        for deviation in &jwk.deviations {
            self.cx.warn(&format!("{}.jwk", self.path), &format!("{deviation}; it is accepted"));
        }
        let kid = self.kid(&jwk);
        let algorithm = self.algorithm(&jwk)?;
        if !self.check_secret(field, algorithm, &jwk.material) {
            return None;
        }
        let verifier = Verifier::new(algorithm, &jwk.material)?;
        Some(CheckedKey {
            key: Key { kid, issuer: None, verifier },
            field,
            bytes: jwk.material.bytes(),
        })
    }

    /// The key and the field that holds it.
    #[cold]
    fn jwk(&mut self) -> Option<(Jwk, &'static str)> {
        let entry = self.entry;
        let (field, jwk) = match (&entry.secret, &entry.public_key, &entry.jwk) {
            (Some(text), None, None) => ("secret", Ok(self.secret(text)?)),
            (None, Some(text), None) => ("public_key", self.public_key(text)?),
            (None, None, Some(json)) => ("jwk", Jwk::parse(json)),
            (None, None, None) => {
                self.cx.fault(self.path, "needs a key: one of secret, public_key, jwk");
                return None;
            }
            _ => {
                let message = "has several keys: keep one of secret, public_key, jwk";
                self.cx.fault(self.path, message);
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

    fn public_key(&mut self, text: &KeySource) -> Option<Result<Jwk, InvalidKey>> {
        let text = text.read(&format!("{}.public_key", self.path), self.cx)?;
        Some(pem::public_key(&text).map(|key| Jwk::from(Material::Public(key))))
    }

    #[cold]
    fn secret(&mut self, text: &KeySource) -> Option<Jwk> {
        let path = format!("{}.secret", self.path);
        let secret = if self.config.secret_is_base64 {
            let text = text.read_encoded_secret(&path, self.cx)?;
            let Some(decoded) = decode_base64(&text) else {
                self.fault("secret", "must be base64, because secret_is_base64 is set");
                return None;
            };
            decoded
        } else {
            text.read_secret(&path, self.cx)?.into_bytes()
        };
        // If a public key were an HMAC secret, any client could sign tokens.
        if pem::is_pem(&String::from_utf8_lossy(&secret)) {
            self.fault("secret", "must not be a PEM key; put a public key into public_key");
            return None;
        }
        Some(Jwk::from(Material::Secret(secret)))
    }

    /// The configured algorithm, if it fits the key, else the key's own.
    #[cold]
    fn algorithm(&mut self, jwk: &Jwk) -> Option<Algorithm> {
        let Some(algorithm) = self.entry.algorithm else {
            return Some(jwk.algorithm.unwrap_or_else(|| jwk.material.default_algorithm()));
        };
        let name = algorithm.name();
        if !jwk.material.fits(algorithm) {
            let fitting: Vec<_> = jwk.material.algorithms().map(Algorithm::name).collect();
            let fitting = fitting.join(" or ");
            let message = format!("must be {fitting} for {}, got {name}", jwk.material.kind());
            self.fault("algorithm", message);
            return None;
        }
        if let Some(own) = jwk.algorithm.filter(|own| *own != algorithm) {
            let own = own.name();
            self.fault("algorithm", format!("must equal the alg of the jwk, {own}, got {name}"));
            return None;
        }
        Some(algorithm)
    }

    #[cold]
    fn kid(&mut self, jwk: &Jwk) -> Option<String> {
        if let (Some(kid), Some(own)) = (&self.entry.kid, &jwk.kid)
            && kid != own
        {
            self.fault("kid", format!("must equal the kid of the jwk, got {kid:?}"));
        }
        self.entry.kid.clone().or_else(|| jwk.kid.clone())
    }

    #[cold]
    fn check_secret(&mut self, field: &str, algorithm: Algorithm, material: &Material) -> bool {
        let Material::Secret(secret) = material else { return true };
        let (name, min) = (algorithm.name(), algorithm.secret_size().unwrap_or_default());
        if field == "jwk" {
            let message = "the configuration shows its secret; use secret: {\"env\": \"NAME\"} to read \
                           it from the proxy's environment";
            self.cx.warn(&format!("{}.jwk", self.path), message);
        }
        if secret.is_empty() {
            self.fault(field, "must not be empty");
        } else if secret.len() < min && !self.config.allow_weak_secret {
            let message = format!(
                "must be at least {min} bytes for {name} (RFC 7518 3.2), got {}; use a longer \
                 secret, or set allow_weak_secret",
                secret.len()
            );
            self.fault(field, message);
        } else {
            return true;
        }
        false
    }

    #[cold]
    fn credential(&mut self, name: &str, key: Key) -> Credential {
        let (path, name_path) = (format!("{}.consumer", self.path), format!("{}.key", self.path));
        let identifier = Some((name, name_path.as_str()));
        let consumer = identity::consumer(&self.entry.consumer, &path, identifier, self.cx);
        Credential { name: name.to_owned(), key, consumer }
    }
}

/// Decodes both alphabets of RFC 4648, padded or not. Ignores white space at the ends.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let standard = text.trim().trim_end_matches('=').replace('-', "+").replace('_', "/");
    BASE64_STANDARD_NO_PAD.decode(standard).ok()
}
