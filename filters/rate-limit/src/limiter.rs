//! One set of limits, and whose requests count together under it.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{headers::Headers, identity::Identity, table::Fingerprint, window::Period};

/// So many requests in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) period: Period,
    /// At least 1.
    pub(crate) requests: u32,
}

/// Limits that hold for requests of one kind.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// At least one, shortest period first.
    pub(crate) limits: Vec<Limit>,
    pub(crate) identity: Identity,
    /// What tells its counts from others': everything that gives them their meaning.
    pub(crate) namespace: Vec<u8>,
    pub(crate) headers: Headers,
    /// What its policies are called after; empty for none.
    pub(crate) name: String,
}

/// The keys of the fingerprints of one limiter's clients.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    client: [u8; 16],
    /// What the newcomers of a full slot are counted as.
    pub(crate) overflow: Fingerprint,
}

impl Limiter {
    /// Its keys, made from a secret that all workers share: a client that could compute
    /// fingerprints could choose its slot.
    pub(crate) fn keys(&self, seed: &[u8; 16]) -> Keys {
        let client = fingerprint(seed, &self.namespace);
        Keys { client, overflow: fingerprint(&client, b"overflow") }
    }
}

impl Keys {
    /// The fingerprint of a client.
    pub(crate) fn client(&self, identity: &[u8]) -> Fingerprint {
        fingerprint(&self.client, identity)
    }
}

/// SipHash-1-3 with 128 bits: keyed, and short enough for the request path.
fn fingerprint(key: &[u8; 16], bytes: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}
