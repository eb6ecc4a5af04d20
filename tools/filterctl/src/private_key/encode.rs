//! The private key as PEM text, and its public key.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_STANDARD};
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, spki::der::pem::LineEnding};
use novasphere_explain::jwt::{KeyFacts, parse_jwk};
use p256::{elliptic_curve::sec1::ToSec1Point, pkcs8::EncodePrivateKey as _};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};

use super::PrivateKey;

impl PrivateKey {
    /// The key as PEM text (PKCS#8).
    ///
    /// # Errors
    /// If the key cannot be encoded.
    pub fn to_pkcs8_pem(&self) -> Result<String> {
        let pem = match self {
            Self::Rsa(key) => key.to_pkcs8_pem(LineEnding::LF)?.to_string(),
            Self::Ed25519(key) => key.to_pkcs8_pem(LineEnding::LF)?.to_string(),
            Self::P256(key) => key.to_pkcs8_pem(LineEnding::LF)?.to_string(),
            Self::P384(key) => key.to_pkcs8_pem(LineEnding::LF)?.to_string(),
            Self::P521(key) => key.to_pkcs8_pem(LineEnding::LF)?.to_string(),
        };
        Ok(pem)
    }

    /// The public key as the filter reads it.
    ///
    /// # Errors
    /// If the filter does not accept the key, for example because it is too short.
    pub fn public(&self) -> Result<KeyFacts> {
        let jwk = self.public_members().to_string();
        let facts = parse_jwk(jwk.as_bytes());
        facts.map_err(|invalid| anyhow::anyhow!("jwt-auth rejects the key: it {}", invalid.reason))
    }

    fn public_members(&self) -> Value {
        let encode = |bytes: &[u8]| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes);
        // An uncompressed point is one byte, then both coordinates.
        let ec = |curve: &str, point: &[u8]| {
            let coordinates = point.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
        };
        match self {
            Self::Rsa(key) => json!({
                "kty": "RSA",
                "n": encode(&key.n().to_bytes_be()),
                "e": encode(&key.e().to_bytes_be()),
            }),
            Self::P256(key) => ec("P-256", key.public_key().to_sec1_point(false).as_bytes()),
            Self::P384(key) => ec("P-384", key.public_key().to_sec1_point(false).as_bytes()),
            Self::P521(key) => ec("P-521", key.public_key().to_sec1_point(false).as_bytes()),
            Self::Ed25519(key) => {
                let x = encode(key.verifying_key().as_bytes());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
        }
    }

    /// The public key as a member of a key set. `algorithm` must fit the key.
    ///
    /// # Errors
    /// If the filter does not accept the key.
    pub fn public_jwk(&self, algorithm: &str, kid: Option<&str>) -> Result<Value> {
        let facts = self.public()?;
        let mut jwk = json!({"alg": algorithm, "use": "sig"});
        let members = jwk.as_object_mut().context("the key is not an object")?;
        for (name, value) in facts.public_members {
            members.insert(name.to_owned(), value.into());
        }
        if let Some(kid) = kid {
            members.insert("kid".to_owned(), kid.into());
        }
        Ok(jwk)
    }
}

/// A SubjectPublicKeyInfo as PEM text (RFC 7468 section 13).
pub fn pem_of_spki(spki: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(spki);
    let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
    for (index, letter) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(64) {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str("\n-----END PUBLIC KEY-----\n");
    pem
}
