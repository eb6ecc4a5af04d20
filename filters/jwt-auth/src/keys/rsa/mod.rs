//! RSA signatures (RFC 8017). docs/decisions/0012-rsa.md says why no RSA library verifies them.

mod encoding;
mod key;

use std::{borrow::Cow, convert::Infallible};

use jwt_compact::{Algorithm, AlgorithmSignature};
use novasphere_core::Hash;

pub(crate) use self::key::RsaKey;

/// A signature scheme with its hash.
pub(crate) struct Rsa {
    pub(crate) scheme: Scheme,
    pub(crate) hash: Hash,
}

/// The encoding of the hash as a number.
#[derive(Clone, Copy)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    Pkcs1,
    /// RSASSA-PSS (RFC 8017 section 8.1) with MGF1 and a salt of the hash's size (RFC 7518 section
    /// 3.5).
    Pss,
}

/// A signature in the form that jwt-compact requires.
pub(crate) struct RsaSignature(Vec<u8>);

impl AlgorithmSignature for RsaSignature {
    fn try_from_slice(bytes: &[u8]) -> anyhow::Result<Self> {
        Ok(Self(bytes.to_vec()))
    }

    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
}

impl Algorithm for Rsa {
    type SigningKey = Infallible;
    type VerifyingKey = RsaKey;
    type Signature = RsaSignature;

    fn name(&self) -> Cow<'static, str> {
        let name = match (self.scheme, self.hash) {
            (Scheme::Pkcs1, Hash::Sha256) => "RS256",
            (Scheme::Pkcs1, Hash::Sha384) => "RS384",
            (Scheme::Pkcs1, Hash::Sha512) => "RS512",
            (Scheme::Pss, Hash::Sha256) => "PS256",
            (Scheme::Pss, Hash::Sha384) => "PS384",
            (Scheme::Pss, Hash::Sha512) => "PS512",
        };
        Cow::Borrowed(name)
    }

    fn sign(&self, key: &Infallible, _: &[u8]) -> RsaSignature {
        match *key {}
    }

    fn verify_signature(&self, signature: &RsaSignature, key: &RsaKey, message: &[u8]) -> bool {
        let Some(encoded) = key.recover(&signature.0) else { return false };
        let digest = encoding::digest(self.hash, &[message]);
        match self.scheme {
            // Compares with the one correct encoding instead of parsing, which forgeries exploit
            // (RFC 8017 section 8.2.2, note).
            Scheme::Pkcs1 => encoded == encoding::pkcs1(self.hash, &digest, key.size()),
            Scheme::Pss => encoding::is_pss(self.hash, &digest, &encoded, key.bits()),
        }
    }
}
