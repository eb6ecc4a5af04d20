//! Verification of signatures.

use std::{borrow::Cow, fmt};

use hmac::{Hmac, Mac};
use novasphere_core::{Env, Verify};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey, traits::SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{
    config::Algorithm,
    keys::{jwk::Material, public_key::PublicKey},
    metrics::Event,
};

/// A key bound to its one algorithm, so that a token's header cannot choose another.
pub(crate) struct Verifier {
    algorithm: Algorithm,
    key: PreparedKey,
}

enum PreparedKey {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
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
                Algorithm::Hs256 => PreparedKey::Hs256(Hmac::new_from_slice(secret).ok()?),
                Algorithm::Hs384 => PreparedKey::Hs384(Hmac::new_from_slice(secret).ok()?),
                Algorithm::Hs512 => PreparedKey::Hs512(Hmac::new_from_slice(secret).ok()?),
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
            PreparedKey::Hs256(mac) => is_mac(mac, message, signature),
            PreparedKey::Hs384(mac) => is_mac(mac, message, signature),
            PreparedKey::Hs512(mac) => is_mac(mac, message, signature),
            // The signature has a fixed size (RFC 7518 sections 3.3 to 3.5, RFC 8032 section 5.1.7).
            PreparedKey::Public { key, .. } if signature.len() != key.signature_size() => false,
            PreparedKey::Public { key, spki } => {
                match self.verify_on_host(spki, message, signature, env.verify) {
                    Some(is_valid) => {
                        if is_valid {
                            env.metrics.count(Event::VerifiedByHost.name());
                        }
                        is_valid
                    }
                    None => verifies(self.algorithm, key, message, signature),
                }
            }
        }
    }

    /// The host's result. `None` if it has none: hosts support RSASSA-PKCS1-v1_5 and ECDSA.
    fn verify_on_host(
        &self,
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
        host: &dyn Verify,
    ) -> Option<bool> {
        let signature = match self.algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => Cow::Borrowed(signature),
            Algorithm::Es256 | Algorithm::Es384 => Cow::Owned(ecdsa_sig_value(signature)),
            _ => return None,
        };
        host.verify(self.algorithm.hash()?, spki, &signature, message)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Compares in constant time.
fn is_mac<M: Mac + Clone>(mac: &M, message: &[u8], signature: &[u8]) -> bool {
    mac.clone().chain_update(message).verify_slice(signature).is_ok()
}

fn verifies(algorithm: Algorithm, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    match key {
        PublicKey::Rsa(key) => rsa(algorithm, key, message, signature),
        PublicKey::Ec(key) => key.verifies(message, signature),
        // Strict: refuses points of small order and malleable signatures.
        PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
    }
}

fn rsa(algorithm: Algorithm, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
    fn check<D: Digest>(
        key: &RsaPublicKey,
        scheme: impl SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        key.verify(scheme, &D::digest(message), signature).is_ok()
    }
    // PSS: the salt has the size of the hash, and MGF1 uses the same hash (RFC 7518 section 3.5).
    match algorithm {
        Algorithm::Rs256 => check::<Sha256>(key, Pkcs1v15Sign::new::<Sha256>(), message, signature),
        Algorithm::Rs384 => check::<Sha384>(key, Pkcs1v15Sign::new::<Sha384>(), message, signature),
        Algorithm::Rs512 => check::<Sha512>(key, Pkcs1v15Sign::new::<Sha512>(), message, signature),
        Algorithm::Ps256 => {
            check::<Sha256>(key, Pss::new_with_salt::<Sha256>(32), message, signature)
        }
        Algorithm::Ps384 => {
            check::<Sha384>(key, Pss::new_with_salt::<Sha384>(48), message, signature)
        }
        Algorithm::Ps512 => {
            check::<Sha512>(key, Pss::new_with_salt::<Sha512>(64), message, signature)
        }
        _ => false,
    }
}

/// The DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3) of a JWS signature, which is two numbers (RFC
/// 7518 section 3.4). For curves up to P-384, where all lengths take one byte.
fn ecdsa_sig_value(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let mut numbers = integer(r);
    numbers.extend(integer(s));
    der(0x30, &numbers)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut number = bytes.get(zeros..).unwrap_or_default().to_vec();
    // A leading 1 bit would make the number negative. Zero takes one byte.
    if number.first().is_none_or(|byte| *byte >= 0x80) {
        number.insert(0, 0);
    }
    der(0x02, &number)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or_default();
    [&[tag, length], content].concat()
}
