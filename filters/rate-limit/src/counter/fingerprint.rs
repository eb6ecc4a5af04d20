//! Keyed fingerprints of clients.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// The keyed 128-bit hash of a client of one limiter. Wide enough that no two clients share one.
pub(crate) type Fingerprint = [u8; 16];

/// SipHash-1-3 with 128 bits: keyed, and fast enough for the request path.
pub(crate) fn fingerprint(key: &[u8; 16], bytes: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}
