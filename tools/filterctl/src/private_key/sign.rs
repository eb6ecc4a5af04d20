//! Signatures of tokens (RFC 7518 section 3, RFC 8037 section 3.1).

use anyhow::{Result, anyhow, bail};
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rsa::{
    rand_core::OsRng,
    signature::{RandomizedSigner, SignatureEncoding, Signer},
};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::PrivateKey;

impl PrivateKey {
    /// The signature of a message in the form of JWS.
    ///
    /// # Errors
    /// If the key cannot sign with the algorithm.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
        if !self.algorithms().contains(&algorithm) {
            let fitting = self.algorithms().join(" or ");
            bail!("{} signs with {fitting}, not with {algorithm}", self.kind());
        }
        match self {
            Self::Rsa(key) => sign_rsa(key, algorithm, message),
            Self::P256(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&Sha256::digest(message))?;
                Ok(signature.to_bytes().to_vec())
            }
            Self::P384(key) => {
                let key = p384::ecdsa::SigningKey::from(key);
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&Sha384::digest(message))?;
                Ok(signature.to_bytes().to_vec())
            }
            Self::P521(key) => {
                let key = p521::ecdsa::SigningKey::from(key);
                let signature: p521::ecdsa::Signature =
                    key.sign_prehash(&Sha512::digest(message))?;
                Ok(signature.to_bytes().to_vec())
            }
            Self::Ed25519(key) => {
                let signature = Signer::sign(key, message);
                Ok(signature.to_bytes().to_vec())
            }
        }
    }
}

fn sign_rsa(key: &rsa::RsaPrivateKey, algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
    use rsa::{pkcs1v15, pss};
    let key = key.clone();
    let failed = |error: rsa::signature::Error| anyhow!("the key cannot sign: {error}");
    Ok(match algorithm {
        "RS256" => {
            pkcs1v15::SigningKey::<Sha256>::new(key).try_sign(message).map_err(failed)?.to_vec()
        }
        "RS384" => {
            pkcs1v15::SigningKey::<Sha384>::new(key).try_sign(message).map_err(failed)?.to_vec()
        }
        "RS512" => {
            pkcs1v15::SigningKey::<Sha512>::new(key).try_sign(message).map_err(failed)?.to_vec()
        }
        "PS256" => pss::SigningKey::<Sha256>::new(key)
            .try_sign_with_rng(&mut OsRng, message)
            .map_err(failed)?
            .to_vec(),
        "PS384" => pss::SigningKey::<Sha384>::new(key)
            .try_sign_with_rng(&mut OsRng, message)
            .map_err(failed)?
            .to_vec(),
        _ => pss::SigningKey::<Sha512>::new(key)
            .try_sign_with_rng(&mut OsRng, message)
            .map_err(failed)?
            .to_vec(),
    })
}

/// The HMAC of a message.
///
/// # Errors
/// If the algorithm is not HS256, HS384 or HS512.
pub fn sign_hmac(secret: &[u8], algorithm: &str, message: &[u8]) -> Result<Vec<u8>> {
    /// The HMAC with one hash function.
    fn mac<M: Mac + hmac::digest::KeyInit>(secret: &[u8], message: &[u8]) -> Result<Vec<u8>> {
        let mut mac = <M as Mac>::new_from_slice(secret)?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
    match algorithm {
        "HS256" => mac::<Hmac<Sha256>>(secret, message),
        "HS384" => mac::<Hmac<Sha384>>(secret, message),
        "HS512" => mac::<Hmac<Sha512>>(secret, message),
        _ => bail!("a secret signs with HS256, HS384 or HS512, not with {algorithm}"),
    }
}
