//! ECDSA on the curves of JWS (RFC 7518 section 3.4).
//!
//! This is a separate crate, because generic code is compiled in the crate that instantiates it. This
//! crate is optimised for size, the rest of the filter for speed. Envoy verifies P-256 and P-384
//! on the host.

use p256::ecdsa::signature::{Error, Verifier};

/// An elliptic curve (FIPS 186-5, NIST SP 800-186) with the hash of its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256 with SHA-256: ES256.
    P256,
    /// P-384 with SHA-384: ES384.
    P384,
    /// P-521 with SHA-512: ES512.
    P521,
}

impl Curve {
    /// The size of a coordinate in bytes.
    pub fn field_size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// A public key.
#[derive(Clone)]
pub struct EcKey(Point);

#[derive(Clone)]
enum Point {
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
}

impl EcKey {
    /// The key with this point (SEC 1 section 2.3.3). `None` if the point is not on the curve, or at
    /// infinity.
    pub fn from_point(curve: Curve, point: &[u8]) -> Option<Self> {
        let key = match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Point::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Point::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Point::P521),
        };
        key.ok().map(Self)
    }

    /// The curve of the point.
    pub fn curve(&self) -> Curve {
        match self.0 {
            Point::P256(_) => Curve::P256,
            Point::P384(_) => Curve::P384,
            Point::P521(_) => Curve::P521,
        }
    }

    /// The uncompressed point.
    pub fn point(&self) -> Vec<u8> {
        match &self.0 {
            Point::P256(key) => key.to_encoded_point(false).as_bytes().to_vec(),
            Point::P384(key) => key.to_encoded_point(false).as_bytes().to_vec(),
            Point::P521(key) => key.to_encoded_point(false).as_bytes().to_vec(),
        }
    }

    /// Whether `signature` is this key's signature of `message`. It consists of two big-endian
    /// numbers in full length.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Point::P256(key) => verify(key, message, p256::ecdsa::Signature::from_slice(signature)),
            Point::P384(key) => verify(key, message, p384::ecdsa::Signature::from_slice(signature)),
            Point::P521(key) => verify(key, message, p521::ecdsa::Signature::from_slice(signature)),
        }
    }
}

fn verify<S>(key: &impl Verifier<S>, message: &[u8], signature: Result<S, Error>) -> bool {
    signature.is_ok_and(|signature| key.verify(message, &signature).is_ok())
}
