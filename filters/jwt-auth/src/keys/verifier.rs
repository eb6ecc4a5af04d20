//! Verification of signatures.
//!
//! jwt-compact provides HMAC. The other algorithms, and the host's own verification, implement its
//! `Algorithm` trait.

use std::{borrow::Cow, convert::Infallible, fmt};

use ed25519_dalek::{Signature, VerifyingKey};
use jwt_compact::{
    Algorithm as SignatureAlgorithm, AlgorithmSignature,
    alg::{Hs256, Hs256Key, Hs384, Hs384Key, Hs512, Hs512Key},
};
use novasphere_core::{Env, Hash};
use novasphere_ecdsa::{EcKey, Es256, Es384, Es512};

use crate::{
    config::Algorithm,
    keys::{
        host_first::{HostFirst, ecdsa_sig_value},
        jwk::Material,
        public_key::PublicKey,
        rsa::{Rsa, RsaKey, Scheme},
    },
};

/// A key bound to its one algorithm, so that a token's header cannot choose another.
pub(crate) struct Verifier {
    algorithm: Algorithm,
    key: PreparedKey,
}

enum PreparedKey {
    Hs256(Hs256Key),
    Hs384(Hs384Key),
    Hs512(Hs512Key),
    Public {
        key: Box<PublicKey>,
        /// The DER SubjectPublicKeyInfo, the format of hosts.
        spki: Vec<u8>,
    },
}

impl Verifier {
    /// `None` if the key cannot be used with the algorithm.
    pub(crate) fn new(algorithm: Algorithm, material: &Material) -> Option<Self> {
        let key = match material {
            Material::Secret(secret) => match algorithm {
                Algorithm::Hs256 => PreparedKey::Hs256(Hs256Key::new(secret)),
                Algorithm::Hs384 => PreparedKey::Hs384(Hs384Key::new(secret)),
                Algorithm::Hs512 => PreparedKey::Hs512(Hs512Key::new(secret)),
                _ => return None,
            },
            Material::Public(key) if key.fits(algorithm) => {
                PreparedKey::Public { key: Box::new(key.clone()), spki: key.spki() }
            }
            Material::Public(_) => return None,
        };
        Some(Self { algorithm, key })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's signature of `message`. The host verifies first where that
    /// is faster. The result is the same.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8], env: &Env<'_>) -> bool {
        match &self.key {
            PreparedKey::Hs256(key) => verify(&Hs256, key, message, signature),
            PreparedKey::Hs384(key) => verify(&Hs384, key, message, signature),
            PreparedKey::Hs512(key) => verify(&Hs512, key, message, signature),
            // The signature has a fixed size (RFC 7518 sections 3.3 to 3.5, RFC 8032 section 5.1.7).
            PreparedKey::Public { key, .. } if signature.len() != key.signature_size() => false,
            PreparedKey::Public { key, spki } => match &**key {
                PublicKey::Rsa(key) => self.verify_rsa(key, spki, message, signature, env),
                PublicKey::Ec(key) => verify_ecdsa(key, spki, message, signature, env),
                PublicKey::Ed25519(key) => verify(&StrictEdDsa, key, message, signature),
            },
        }
    }

    /// Hosts support RSASSA-PKCS1-v1_5, but not RSASSA-PSS.
    fn verify_rsa(
        &self,
        key: &RsaKey,
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
        env: &Env<'_>,
    ) -> bool {
        let (scheme, hash) = match self.algorithm {
            Algorithm::Rs256 => (Scheme::Pkcs1, Hash::Sha256),
            Algorithm::Rs384 => (Scheme::Pkcs1, Hash::Sha384),
            Algorithm::Rs512 => (Scheme::Pkcs1, Hash::Sha512),
            Algorithm::Ps256 => (Scheme::Pss, Hash::Sha256),
            Algorithm::Ps384 => (Scheme::Pss, Hash::Sha384),
            Algorithm::Ps512 => (Scheme::Pss, Hash::Sha512),
            _ => return false,
        };
        let algorithm = Rsa { scheme, hash };
        let encode = |signature: Cow<'_, [u8]>| signature.into_owned();
        match scheme {
            Scheme::Pkcs1 => {
                verify(&HostFirst { algorithm, hash, spki, encode, env }, key, message, signature)
            }
            Scheme::Pss => verify(&algorithm, key, message, signature),
        }
    }
}

/// Hosts support P-256 and P-384, but not P-521.
fn verify_ecdsa(key: &EcKey, spki: &[u8], message: &[u8], signature: &[u8], env: &Env<'_>) -> bool {
    let encode = |signature: Cow<'_, [u8]>| ecdsa_sig_value(&signature);
    match key {
        EcKey::P256(key) => {
            let hash = Hash::Sha256;
            let algorithm = HostFirst { algorithm: Es256, hash, spki, encode, env };
            verify(&algorithm, key, message, signature)
        }
        EcKey::P384(key) => {
            let hash = Hash::Sha384;
            let algorithm = HostFirst { algorithm: Es384, hash, spki, encode, env };
            verify(&algorithm, key, message, signature)
        }
        EcKey::P521(key) => verify(&Es512, key, message, signature),
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Checks the length first: HMAC signatures of jwt-compact panic when made from any other length.
fn verify<A: SignatureAlgorithm>(
    algorithm: &A,
    key: &A::VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    A::Signature::LENGTH.is_none_or(|length| length.get() == signature.len())
        && A::Signature::try_from_slice(signature)
            .is_ok_and(|signature| algorithm.verify_signature(&signature, key, message))
}

/// EdDSA that rejects points of small order. The `Ed25519` of jwt-compact accepts them.
struct StrictEdDsa;

impl SignatureAlgorithm for StrictEdDsa {
    type SigningKey = Infallible;
    type VerifyingKey = VerifyingKey;
    type Signature = Signature;

    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("EdDSA")
    }

    fn sign(&self, key: &Infallible, _: &[u8]) -> Signature {
        match *key {}
    }

    fn verify_signature(&self, signature: &Signature, key: &VerifyingKey, message: &[u8]) -> bool {
        key.verify_strict(message, signature).is_ok()
    }
}
