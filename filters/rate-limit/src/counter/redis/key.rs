//! The keys of counts in Redis.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The secret that keys are derived from. Without it, a reader of the keys cannot test guesses of
/// identities.
#[derive(Clone)]
pub(crate) struct KeySecret(Hmac<Sha256>);

/// Does not print the secret.
impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(…)")
    }
}

impl KeySecret {
    /// An empty secret is accepted: HMAC takes a key of any length (RFC 2104 section 2), so this is
    /// never `None`.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    /// The secret for the clients of one limiter.
    pub(super) fn for_namespace(&self, namespace: &[u8]) -> Self {
        let mut hmac = self.0.clone();
        hmac.update(&u32::try_from(namespace.len()).unwrap_or(u32::MAX).to_le_bytes());
        hmac.update(namespace);
        Self(hmac)
    }

    /// The key of a client, the same in every proxy: HMAC-SHA-256-128 (RFC 2104 section 5).
    pub(super) fn key(&self, client: &[u8]) -> [u8; 16] {
        let mut hmac = self.0.clone();
        hmac.update(client);
        let digest = hmac.finalize().into_bytes();
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        key
    }
}
