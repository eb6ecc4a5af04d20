//! Keyed fingerprints of clients.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use siphasher::sip128::{Hasher128, SipHasher13};

/// The keyed 128-bit hash of a client of one limiter. Wide enough that no two clients share one.
pub(crate) type Fingerprint = [u8; 16];

/// A map of clients. It does not hash a fingerprint again.
pub(super) type FingerprintMap<T> = HashMap<Fingerprint, T, BuildHasherDefault<LastBytes>>;

/// SipHash-1-3 with 128 bits: keyed, and fast enough for the request path.
pub(crate) fn fingerprint(key: &[u8; 16], bytes: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

/// The last 8 bytes as the hash.
#[derive(Default)]
pub(super) struct LastBytes(u64);

impl Hasher for LastBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
