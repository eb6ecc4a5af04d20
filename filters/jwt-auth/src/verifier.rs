//! Signatures: a key and the one algorithm it is for.

use jwt_compact::{
    AlgorithmSignature,
    alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key},
};
use serde::Deserialize;

/// A signature algorithm (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

impl Algorithm {
    /// Its name in a JOSE header, case-sensitive.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Hs256 => "HS256",
            Algorithm::Hs384 => "HS384",
            Algorithm::Hs512 => "HS512",
        }
    }

    /// How long a secret must be, in bytes: as long as the hash (RFC 7518 section 3.2).
    pub fn secret_size(self) -> usize {
        match self {
            Algorithm::Hs256 => 32,
            Algorithm::Hs384 => 48,
            Algorithm::Hs512 => 64,
        }
    }
}

/// A key bound to its algorithm, so that a token's header cannot choose another. Its `Debug` does
/// not show the key.
#[derive(Debug)]
pub(crate) enum Verifier {
    Hs256(Hs256Key),
    Hs384(Hs384Key),
    Hs512(Hs512Key),
}

impl Verifier {
    /// An HMAC key.
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        match algorithm {
            Algorithm::Hs256 => Verifier::Hs256(Hs256Key::new(secret)),
            Algorithm::Hs384 => Verifier::Hs384(Hs384Key::new(secret)),
            Algorithm::Hs512 => Verifier::Hs512(Hs512Key::new(secret)),
        }
    }

    /// The algorithm the key is for.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Verifier::Hs256(_) => Algorithm::Hs256,
            Verifier::Hs384(_) => Algorithm::Hs384,
            Verifier::Hs512(_) => Algorithm::Hs512,
        }
    }

    /// Whether `signature` is this key's signature of `message`. HMACs are compared in constant
    /// time.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Verifier::Hs256(key) => verifies(Hs256, key, message, signature),
            Verifier::Hs384(key) => verifies(Hs384, key, message, signature),
            Verifier::Hs512(key) => verifies(Hs512, key, message, signature),
        }
    }
}

fn verifies<A: jwt_compact::Algorithm>(
    algorithm: A,
    key: &A::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    // Checked first: a signature of another length makes try_from_slice panic.
    A::Signature::LENGTH.is_none_or(|length| length.get() == signature.len())
        && A::Signature::try_from_slice(signature)
            .is_ok_and(|signature| algorithm.verify_signature(&signature, key, message))
}
