//! The limits that the table enforces, and the keys of their clients.

use crate::{
    counter::fingerprint::{Fingerprint, fingerprint},
    window::{Counts, Limit},
};

/// The limits of one limiter in the table.
#[derive(Debug)]
pub(crate) struct LocalLimits {
    /// The limits in force.
    pub(super) limits: Vec<Limit>,
    /// The limits that clients see, if the limits in force are a share of them.
    shown: Option<Vec<Limit>>,
    namespace: Vec<u8>,
}

/// The keys of one limiter's fingerprints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    client: [u8; 16],
    /// The fingerprint of the overflow entry, which new clients of a full slot share.
    pub(super) overflow: Fingerprint,
}

impl LocalLimits {
    pub(crate) fn new(namespace: Vec<u8>, limits: Vec<Limit>) -> Self {
        Self { limits, shown: None, namespace }
    }

    /// `limits` enforces a share of `shown` while Redis fails.
    pub(crate) fn share_of(shown: Vec<Limit>, namespace: Vec<u8>, limits: Vec<Limit>) -> Self {
        Self { limits, shown: Some(shown), namespace }
    }

    /// The keys, derived from the secret of all workers. Clients that could compute fingerprints
    /// could choose their slot.
    pub(super) fn keys(&self, seed: &[u8; 16]) -> Keys {
        let mut client = fingerprint(seed, &self.namespace);
        if self.shown.is_some() {
            // Apart from a limiter with the same limits that is always local.
            client = fingerprint(&client, format!("{:?}", self.limits).as_bytes());
        }
        Keys { client, overflow: fingerprint(&client, b"overflow") }
    }

    /// Counts under the limits that clients see, with the same remaining quota.
    pub(super) fn shown(&self, mut counts: Counts) -> Counts {
        let Some(shown) = &self.shown else { return counts };
        for ((count, shown), own) in counts.counts.iter_mut().zip(shown).zip(&self.limits) {
            *count = shown.requests.saturating_sub(own.requests.saturating_sub(*count));
        }
        counts
    }
}

impl Keys {
    pub(super) fn client(&self, key: &[u8]) -> Fingerprint {
        fingerprint(&self.client, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::Period;

    const SEED: [u8; 16] = [7; 16];

    /// Other fingerprints reset all counts when a proxy loads a new module.
    #[test]
    fn fingerprints_are_the_same_in_every_release() {
        let namespace = br#""" [Limit { period: Hour, requests: 1 }] Identity { parts: [Path([47, 97])], otherwise: Ip }"#;
        let limits = vec![Limit { period: Period::Hour, requests: 1 }];
        let local = LocalLimits::new(namespace.to_vec(), limits.clone());
        let share = LocalLimits::share_of(limits.clone(), namespace.to_vec(), limits);
        let client = |limits: &LocalLimits| limits.keys(&SEED).client(b"someone");
        assert_eq!(
            client(&share),
            [35, 216, 29, 204, 170, 112, 207, 115, 56, 189, 97, 2, 125, 54, 89, 237]
        );
        assert_ne!(client(&local), client(&share));
    }
}
