//! Private keys for signing tokens, as PEM text.

use std::fs;

use anyhow::{Context, Result, anyhow, bail};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use p256::pkcs8::{PrivateKeyInfo, SecretDocument};
use serde::Deserialize;
use serde_json::Value;

use novasphere_harness::paths::repository;

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
    /// The key in a file of `tests/keys`.
    pub fn file(name: &str) -> Self {
        Self::File(PrivateKeyFile { file: name.to_owned() })
    }

    /// The key as a signer for `algorithm`.
    ///
    /// # Errors
    /// If the key cannot be read or does not fit the algorithm.
    pub fn for_algorithm(&self, algorithm: Algorithm) -> Result<EncodingKey> {
        let pem = self.pem()?;
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

    fn pem(&self) -> Result<String> {
        match self {
            Self::Text(text) if text.contains("-----BEGIN ") => Ok(text.clone()),
            Self::Text(name) => named(name),
            Self::File(PrivateKeyFile { file }) => {
                let path = repository().join("tests/keys").join(file);
                fs::read_to_string(&path).with_context(|| path.display().to_string())
            }
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
