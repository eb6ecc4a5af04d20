//! New keys, from the random numbers of the operating system.

use anyhow::{Result, anyhow, bail};
use rsa::rand_core::{OsRng, RngCore};

use super::{KeyType, PrivateKey};

/// Draws of a scalar before giving up. More than one is rare: the order of each curve is close to a
/// power of two.
const MAX_DRAWS: usize = 64;

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// If the operating system has no random numbers.
    pub fn generate(key_type: KeyType) -> Result<Self> {
        match key_type {
            KeyType::Rsa(bits) => {
                Ok(Self::Rsa(Box::new(rsa::RsaPrivateKey::new(&mut OsRng, bits)?)))
            }
            KeyType::P256 => scalar(32, 0xff, p256::SecretKey::from_slice).map(Self::P256),
            KeyType::P384 => scalar(48, 0xff, p384::SecretKey::from_slice).map(Self::P384),
            // 521 bits are 65 bytes and one bit.
            KeyType::P521 => scalar(66, 0x01, p521::SecretKey::from_slice).map(Self::P521),
            KeyType::Ed25519 => {
                let bytes: [u8; 32] = random_bytes(32)?
                    .try_into()
                    .map_err(|_| anyhow!("the random number has the wrong size"))?;
                Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&bytes)))
            }
        }
    }
}

/// Random bytes of the operating system.
///
/// # Errors
/// If the operating system has no random numbers.
pub fn random_bytes(size: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| anyhow!("no random numbers: {error}"))?;
    Ok(bytes)
}

/// A random scalar, without bias: numbers outside the order of the curve are drawn again. `mask`
/// clears the bits of the first byte that the field does not have.
fn scalar<K, E>(size: usize, mask: u8, parse: impl Fn(&[u8]) -> Result<K, E>) -> Result<K> {
    for _ in 0..MAX_DRAWS {
        let mut bytes = random_bytes(size)?;
        if let Some(first) = bytes.first_mut() {
            *first &= mask;
        }
        if let Ok(key) = parse(&bytes) {
            return Ok(key);
        }
    }
    bail!("the random numbers of the operating system are not random")
}
