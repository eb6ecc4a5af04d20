//! ECDSA on the curves of JWS (RFC 7518 section 3.4): the keys, and the algorithms. The ES256 of
//! jwt-compact depends on an older version of p256, with its own arithmetic for each curve. The
//! newer one shares most of the arithmetic, which is a third of the size and faster.
//!
//! This is a separate crate, because generic code is compiled in the crate that instantiates it. This
//! crate is optimised for size, the rest of the filter for speed. Envoy verifies P-256 and P-384
//! on the host.

use std::{borrow::Cow, convert::Infallible, num::NonZeroUsize};

use jwt_compact::{Algorithm, AlgorithmSignature};
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Digest, Sha256, Sha384, Sha512};

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
pub enum EcKey {
    /// On P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// On P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// On P-521.
    P521(p521::ecdsa::VerifyingKey),
}

impl EcKey {
    /// The key with this point (SEC 1 section 2.3.3). `None` if the point is not on the curve, or at
    /// infinity.
    pub fn from_point(curve: Curve, point: &[u8]) -> Option<Self> {
        let key = match curve {
            Curve::P256 => p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P256),
            Curve::P384 => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384),
            Curve::P521 => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521),
        };
        key.ok()
    }

    /// The curve of the point.
    pub fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            Self::P384(_) => Curve::P384,
            Self::P521(_) => Curve::P521,
        }
    }

    /// The uncompressed point.
    pub fn point(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.to_sec1_point(false).as_bytes().to_vec(),
            Self::P521(key) => key.to_sec1_point(false).as_bytes().to_vec(),
        }
    }
}

/// Implements the verification of an algorithm. Its signing key has no value.
macro_rules! verification {
    ($(#[$doc:meta])* $algorithm:ident, $name:literal, $signature:ident, $curve:ident, $hash:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $algorithm;

        #[doc = concat!("A signature of ", $name, ": two big-endian numbers in full length.")]
        #[derive(Clone, Debug)]
        pub struct $signature($curve::ecdsa::Signature);

        impl AlgorithmSignature for $signature {
            const LENGTH: Option<NonZeroUsize> = NonZeroUsize::new($size);

            fn try_from_slice(bytes: &[u8]) -> anyhow::Result<Self> {
                // A fixed text. The error of the curve would bring its formatting into the module.
                let signature = $curve::ecdsa::Signature::from_slice(bytes).map(Self);
                signature.map_err(|_| anyhow::anyhow!("not two numbers in range"))
            }

            fn as_bytes(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.0.to_bytes().to_vec())
            }
        }

        impl Algorithm for $algorithm {
            type SigningKey = Infallible;
            type VerifyingKey = $curve::ecdsa::VerifyingKey;
            type Signature = $signature;

            fn name(&self) -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn sign(&self, key: &Infallible, _: &[u8]) -> $signature {
                match *key {}
            }

            fn verify_signature(
                &self,
                signature: &$signature,
                key: &Self::VerifyingKey,
                message: &[u8],
            ) -> bool {
                // The curve crates have a newer version of the hashes than the rest of the filter.
                key.verify_prehash(&$hash::digest(message), &signature.0).is_ok()
            }
        }
    };
}

verification!(
    /// ECDSA on P-256 with SHA-256.
    Es256, "ES256", Es256Signature, p256, Sha256, 64
);
verification!(
    /// ECDSA on P-384 with SHA-384.
    Es384, "ES384", Es384Signature, p384, Sha384, 96
);
verification!(
    /// ECDSA on P-521 with SHA-512.
    Es512, "ES512", Es512Signature, p521, Sha512, 132
);
