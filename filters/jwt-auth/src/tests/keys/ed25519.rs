//! Any number of Ed25519 keys, each from a seed, and tokens that they sign.

use ed25519_dalek::{Signer, SigningKey};

use super::super::*;

fn signing_key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// The public key as a JWK with `more` members.
pub(crate) fn jwk(seed: u8, more: &str) -> String {
    let x = base64url(signing_key(seed).verifying_key().as_bytes());
    format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}"{more}}}"#)
}

/// A signed token.
pub(crate) fn token(seed: u8, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = signing_key(seed).sign(message.as_bytes());
    format!("{message}.{}", base64url(signature.to_bytes()))
}
