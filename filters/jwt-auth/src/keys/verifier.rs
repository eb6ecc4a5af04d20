//! Signatures: a key and the one algorithm it is for.

use std::{borrow::Cow, fmt};

use hmac::{Hmac, Mac};
use novasphere_core::{Env, Verify};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey, traits::SignatureScheme};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{config::algorithm::Algorithm, keys::jwk::Material, keys::public_key::PublicKey};

/// The event counted for a signature that the host found right.
pub(crate) const VERIFIED_BY_HOST: &str = "verified_by_host";

/// A key bound to its algorithm, so that a token's header cannot choose another.
pub(crate) struct Verifier {
    algorithm: Algorithm,
    key: Key,
}

enum Key {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
    Public {
        key: Box<PublicKey>,
        /// Its form for hosts.
        spki: Vec<u8>,
    },
}

impl Verifier {
    /// `None` when the key is not for the algorithm.
    pub fn new(algorithm: Algorithm, material: &Material) -> Option<Self> {
        let key = match material {
            Material::Secret(secret) => match algorithm {
                Algorithm::Hs256 => Key::Hs256(Hmac::new_from_slice(secret).ok()?),
                Algorithm::Hs384 => Key::Hs384(Hmac::new_from_slice(secret).ok()?),
                Algorithm::Hs512 => Key::Hs512(Hmac::new_from_slice(secret).ok()?),
                _ => return None,
            },
            Material::Public(key) if key.fits(algorithm) => {
                Key::Public { key: Box::new(key.clone()), spki: key.spki() }
            }
            Material::Public(_) => return None,
        };
        Some(Self { algorithm, key })
    }

    /// The algorithm the key is for.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's signature of `message`. Asks the host first where that is
    /// faster; both come to the same verdict.
    pub fn verifies(&self, message: &[u8], signature: &[u8], env: &Env<'_>) -> bool {
        match &self.key {
            Key::Hs256(mac) => is_mac(mac, message, signature),
            Key::Hs384(mac) => is_mac(mac, message, signature),
            Key::Hs512(mac) => is_mac(mac, message, signature),
            // A signature has one length (RFC 7518 sections 3.3 to 3.5, RFC 8032 section 5.1.7).
            Key::Public { key, .. } if signature.len() != key.signature_size() => false,
            Key::Public { key, spki } => {
                match self.ask_host(spki, message, signature, env.verify) {
                    Some(verdict) => {
                        if verdict {
                            env.metrics.count(VERIFIED_BY_HOST);
                        }
                        verdict
                    }
                    None => verifies(self.algorithm, key, message, signature),
                }
            }
        }
    }

    /// The host's verdict, on what hosts know: RSASSA-PKCS1-v1_5 and ECDSA.
    fn ask_host(
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
        // Strict: refuses points of small order and a second form of one signature.
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
    // PSS: the salt is as long as the hash, which MGF1 uses too (RFC 7518 section 3.5).
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

/// The DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3) of the two numbers a JWS signature is (RFC 7518
/// section 3.4). For curves up to P-384: all lengths take one byte.
fn ecdsa_sig_value(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let mut numbers = integer(r);
    numbers.extend(integer(s));
    der(0x30, &numbers)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut number = bytes.get(zeros..).unwrap_or_default().to_vec();
    // A first bit of 1 would make it negative; zero is one byte.
    if number.first().is_none_or(|byte| *byte >= 0x80) {
        number.insert(0, 0);
    }
    der(0x02, &number)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or_default();
    [&[tag, length], content].concat()
}
