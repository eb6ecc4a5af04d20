//! Keys that sign the tokens of the page. They are published here, so they protect nothing.

use std::sync::OnceLock;

use anyhow::Result;
use filterctl::private_key::{PrivateKey, pem_of_spki};
use serde_json::{Value, json};

/// The value of each variable with a secret. Also base64, and with both readings long enough for every
/// HMAC algorithm.
pub(crate) const SECRET: &str =
    "EveryoneKnowsThisSecretOfThePlaygroundSoNeverUseItAnywhereElse0123456789ABCDEFGHIJKLMNOP";

const KEYS: [(&str, &str); 5] = [
    ("demo-rsa", include_str!("keys/rsa.pem")),
    ("demo-p256", include_str!("keys/p256.pem")),
    ("demo-p384", include_str!("keys/p384.pem")),
    ("demo-p521", include_str!("keys/p521.pem")),
    ("demo-ed25519", include_str!("keys/ed25519.pem")),
];

/// The keys, RSA first. Parsed once, because the page mints a token after each change.
pub(crate) fn all() -> &'static [PrivateKey] {
    static ALL: OnceLock<Vec<PrivateKey>> = OnceLock::new();
    ALL.get_or_init(|| KEYS.iter().filter_map(|(_, pem)| PrivateKey::parse(pem).ok()).collect())
}

/// The key set that every issuer of the page publishes, JSON text.
pub(crate) fn key_set() -> Result<String> {
    let keys = KEYS.iter().zip(all()).map(|((kid, _), key)| {
        let algorithm = key.algorithms().first().copied().unwrap_or_default();
        let mut jwk = key.public_jwk(algorithm, Some(kid))?;
        // An RSA key has several algorithms.
        if let (Some(members), true) = (jwk.as_object_mut(), key.algorithms().len() > 1) {
            members.remove("alg");
        }
        Ok(jwk)
    });
    Ok(json!({"keys": keys.collect::<Result<Vec<Value>>>()?}).to_string())
}

/// A public key for an algorithm, PEM text. `None` if no key has the algorithm.
pub(crate) fn public_pem(algorithm: &str) -> Option<String> {
    let key = all().iter().find(|key| key.algorithms().contains(&algorithm))?;
    Some(pem_of_spki(&key.public().ok()?.spki))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_key() {
        assert_eq!(all().len(), KEYS.len());
    }

    #[test]
    fn every_algorithm_has_a_key() {
        for algorithm in ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
            assert!(public_pem(algorithm).is_some(), "{algorithm}");
        }
    }

    #[test]
    fn key_set_has_no_private_key() {
        let set: Value = serde_json::from_str(&key_set().unwrap()).unwrap();
        let keys = set["keys"].as_array().unwrap();
        assert_eq!(keys.len(), KEYS.len());
        for key in keys {
            assert!(key.get("d").is_none() && key.get("kid").is_some(), "{key}");
        }
    }
}
