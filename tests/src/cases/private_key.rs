//! Private keys for signing tokens, as PEM text.

use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use novasphere_cases::{PrivateKey, PrivateKeyFile};
use novasphere_harness::paths::repository;
use p256::pkcs8::{PrivateKeyInfo, SecretDocument};
use serde_json::Value;

/// A private key that signs tokens.
///
/// Text without PEM is a name in `tests/vectors/keys.json`, and files are in `tests/keys`.
pub trait SigningKey {
    /// The key as a signer for `algorithm`.
    ///
    /// # Errors
    /// If the key cannot be read or does not fit the algorithm.
    fn for_algorithm(&self, algorithm: Algorithm) -> Result<EncodingKey>;
}

impl SigningKey for PrivateKey {
    fn for_algorithm(&self, algorithm: Algorithm) -> Result<EncodingKey> {
        let pem = pem(self)?;
        let parsed = SecretDocument::from_pem(&pem);
        let (label, document) = parsed.map_err(|error| anyhow!("no PEM: {error}"))?;
        let der = document.as_bytes();
        match (algorithm.family(), label) {
            (AlgorithmFamily::Rsa, "RSA PRIVATE KEY") => Ok(EncodingKey::from_rsa_der(der)),
            (AlgorithmFamily::Rsa, "PRIVATE KEY") => {
                let info = PrivateKeyInfo::try_from(der);
                let info = info.map_err(|error| anyhow!("no PKCS#8 key: {error}"))?;
                Ok(EncodingKey::from_rsa_der(info.private_key))
            }
            (AlgorithmFamily::Ec, "PRIVATE KEY") => Ok(EncodingKey::from_ec_der(der)),
            (AlgorithmFamily::Ed, "PRIVATE KEY") => Ok(EncodingKey::from_ed_der(der)),
            (_, label) => bail!("a {label} does not sign by {algorithm:?}"),
        }
    }
}

fn pem(key: &PrivateKey) -> Result<String> {
    match key {
        PrivateKey::Text(text) if text.contains("-----BEGIN ") => Ok(text.clone()),
        PrivateKey::Text(name) => named(name),
        PrivateKey::File(PrivateKeyFile { file }) => {
            let path = repository().join("tests/keys").join(file);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        }
    }
}

/// The private key with that name in the vectors.
fn named(name: &str) -> Result<String> {
    let path = repository().join("tests/vectors/keys.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let keys: Value = serde_json::from_str(&text)?;
    let pem = keys.get(name).and_then(|key| key.get("private")?.as_str());
    Ok(pem.with_context(|| format!("no private key {name:?}"))?.to_owned())
}
