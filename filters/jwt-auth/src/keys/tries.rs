//! The number of signature verifications that one token may cost.

use crate::config::Algorithm;

/// The number of keys tried for one token, credentials and fetched keys together. It is bounded,
/// because any client can send a token with a wrong signature.
#[derive(Debug)]
pub(crate) struct Tries {
    /// All of one algorithm, the token's.
    used: usize,
}

/// Maximum number of keys tried for one token. No host verifies RSASSA-PSS or P-521, and in
/// WebAssembly a verification takes up to several milliseconds.
pub(crate) const fn max_tries(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 | Algorithm::Es512 => 2,
        _ => 8,
    }
}

impl Tries {
    pub(crate) const fn new() -> Self {
        Self { used: 0 }
    }

    /// Uses one try with a key for `algorithm`. Returns false if none is left.
    pub(crate) fn take(&mut self, algorithm: Algorithm) -> bool {
        let is_left = self.used < max_tries(algorithm);
        self.used += usize::from(is_left);
        is_left
    }
}

/// An algorithm with more keys than are tried for one token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ExcessKeys {
    pub(crate) algorithm: Algorithm,
    /// The largest number of keys that one token may need, more than [`max_tries`].
    pub(crate) count: usize,
}

/// The algorithms with too many keys of the same `kid` or without `kid`. With `unnamed_fit_any`, a
/// token with a `kid` may also need the keys without one.
pub(crate) fn excess<'k>(
    keys: impl Iterator<Item = (Option<&'k str>, Algorithm)>,
    unnamed_fit_any: bool,
) -> Vec<ExcessKeys> {
    let keys: Vec<_> = keys.collect();
    let needed = |algorithm: Algorithm| {
        let count = |kid| keys.iter().filter(|key| **key == (kid, algorithm)).count();
        let unnamed = count(None);
        let kids = keys.iter().filter_map(|(kid, _)| *kid);
        let named = kids.map(|kid| count(Some(kid))).max().unwrap_or_default();
        if unnamed_fit_any { unnamed + named } else { unnamed.max(named) }
    };
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| ExcessKeys { algorithm, count: needed(algorithm) })
        .filter(|excess| excess.count > max_tries(excess.algorithm))
        .collect()
}
