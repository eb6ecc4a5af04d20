//! Under which keys Redis has the counts.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// What keys are made with. With a secret nobody who sees them can try out who they are.
#[derive(Clone)]
pub(crate) struct Secret(Hmac<Sha256>);

/// Without the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// HMAC takes a key of any length (RFC 2104 section 2), so that `None` is for no secret at all.
    pub(crate) fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self)
    }

    /// The same for the clients of one limiter.
    pub(crate) fn of(&self, namespace: &[u8]) -> Self {
        let mut hmac = self.0.clone();
        hmac.update(&u32::try_from(namespace.len()).unwrap_or(u32::MAX).to_le_bytes());
        hmac.update(namespace);
        Self(hmac)
    }

    /// The key of a client: HMAC-SHA-256-128 (RFC 2104 section 5), the same in every proxy.
    pub(crate) fn key(&self, identity: &[u8]) -> [u8; 16] {
        let mut hmac = self.0.clone();
        hmac.update(identity);
        let digest = hmac.finalize().into_bytes();
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        key
    }
}
