//! One set of limits, and whose requests count together under it.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{
    client::identity::Identity,
    counter::local::table::{Fingerprint, WINDOWS},
    counter::redis::Secret,
    headers::Headers,
    window::Period,
};

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
    /// Makes the keys of counts in Redis.
    pub(crate) shared: Option<Secret>,
    /// The limits that hold here while Redis fails; empty where none do.
    pub(crate) fallback: Vec<Limit>,
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
        let mut client = fingerprint(seed, &self.namespace);
        if !self.fallback.is_empty() {
            // Counted apart from a limiter with the same limits that is always local.
            client = fingerprint(&client, format!("{:?}", self.fallback).as_bytes());
        }
        Keys { client, overflow: fingerprint(&client, b"overflow") }
    }
}

impl Limiter {
    /// The key of a client's counts in Redis.
    pub(crate) fn redis_key(&self, identity: &[u8]) -> [u8; 16] {
        self.shared.as_ref().map(|secret| secret.key(identity)).unwrap_or_default()
    }

    /// The limits of the proxy's own table.
    pub(crate) fn table_limits(&self) -> &[Limit] {
        if self.fallback.is_empty() { &self.limits } else { &self.fallback }
    }

    /// Counts of the table as counts under the limits that clients are told: so much is left.
    pub(crate) fn as_told(&self, mut counts: [u32; WINDOWS]) -> [u32; WINDOWS] {
        for ((count, limit), own) in counts.iter_mut().zip(&self.limits).zip(&self.fallback) {
            *count = limit.requests.saturating_sub(own.requests.saturating_sub(*count));
        }
        counts
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
