//! [`PrivateKey`]: keys that sign tokens.
//!
//! - `parse`: from PEM text or a JSON Web Key;
//! - `generate`: new keys, from the random numbers of the operating system;
//! - `encode`: the private key as PEM text, and its public key;
//! - `sign`: signatures.

mod encode;
mod generate;
mod parse;
mod sign;
#[cfg(test)]
mod tests;

use std::fmt;

pub use self::{encode::pem_of_spki, generate::random_bytes, sign::sign_hmac};

/// A private key. `Debug` shows only its type.
pub enum PrivateKey {
    /// An RSA key.
    Rsa(Box<rsa::RsaPrivateKey>),
    /// An EC key on P-256.
    P256(p256::SecretKey),
    /// An EC key on P-384.
    P384(p384::SecretKey),
    /// An EC key on P-521.
    P521(p521::SecretKey),
    /// An Ed25519 key.
    Ed25519(ed25519_dalek::SigningKey),
}

/// A type of keys, by the algorithm that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// RSA with a modulus of this many bits.
    Rsa(usize),
    /// EC on P-256.
    P256,
    /// EC on P-384.
    P384,
    /// EC on P-521.
    P521,
    /// Ed25519.
    Ed25519,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl PrivateKey {
    /// The type in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "an RSA key",
            Self::P256(_) => "an EC key on P-256",
            Self::P384(_) => "an EC key on P-384",
            Self::P521(_) => "an EC key on P-521",
            Self::Ed25519(_) => "an Ed25519 key",
        }
    }

    /// The type.
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Rsa(key) => {
                KeyType::Rsa(rsa::traits::PublicKeyParts::size(&**key).saturating_mul(8))
            }
            Self::P256(_) => KeyType::P256,
            Self::P384(_) => KeyType::P384,
            Self::P521(_) => KeyType::P521,
            Self::Ed25519(_) => KeyType::Ed25519,
        }
    }

    /// The algorithms that the key can sign with, the usual one first.
    pub fn algorithms(&self) -> &'static [&'static str] {
        match self {
            Self::Rsa(_) => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Self::P256(_) => &["ES256"],
            Self::P384(_) => &["ES384"],
            Self::P521(_) => &["ES512"],
            Self::Ed25519(_) => &["EdDSA"],
        }
    }
}
