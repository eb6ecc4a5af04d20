//! A worker's cache of verified tokens. Verifying a signature takes up to a millisecond, a look-up
//! less than a microsecond.
//!
//! The cache has two generations. A used token moves to the young generation. When that is full, it
//! becomes the old generation, and the previous old generation is dropped. Tokens in use thus stay
//! without a list to keep in order, and both entries and bytes are bounded.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    rc::Rc,
};

use novasphere_core::{UnixTime, bytes_eq};

/// Verification results by token.
pub(crate) struct TokenCache<V> {
    young: Generation<V>,
    old: Generation<V>,
    /// Maximum number of entries of a generation.
    max_entries: usize,
    /// Maximum size of a generation in bytes.
    max_bytes: usize,
    /// Evictions since the last [`take_evicted`](Self::take_evicted).
    evicted: u32,
}

struct Generation<V> {
    tokens: HashMap<u64, Entry<V>, BuildHasherDefault<IdentityHasher>>,
    bytes: usize,
}

struct Entry<V> {
    /// The whole token.
    token: Box<[u8]>,
    result: CachedResult<V>,
}

impl<V> Entry<V> {
    fn bytes(&self) -> usize {
        self.token.len().saturating_add(self.result.bytes).saturating_add(ENTRY_BYTES)
    }
}

/// A hasher for keys that are already hashes.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<V> Default for Generation<V> {
    fn default() -> Self {
        Self { tokens: HashMap::default(), bytes: 0 }
    }
}

/// A verification result and its validity.
pub(crate) struct CachedResult<V> {
    /// Start of validity, inclusive, in milliseconds since the epoch.
    pub(crate) valid_from: u64,
    /// End of validity, exclusive, in milliseconds since the epoch.
    pub(crate) valid_until: u64,
    pub(crate) value: Rc<V>,
    /// The size of the value in bytes, besides its fixed part.
    pub(crate) bytes: usize,
}

impl<V> CachedResult<V> {
    fn value_at(&self, now: UnixTime) -> Option<Rc<V>> {
        (self.valid_from <= now.millis && now.millis < self.valid_until)
            .then(|| Rc::clone(&self.value))
    }
}

/// The size of an entry besides its token and the values of its claims: the share of the table and
/// the fixed part of the result.
const ENTRY_BYTES: usize = 512;

/// The number of bytes at the end of a token that are hashed. They belong to the signature, which
/// clients cannot choose.
const HASHED_BYTES: usize = 16;

impl<V> TokenCache<V> {
    /// A cache for at most `entries` tokens and `bytes` bytes.
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        Self {
            young: Generation::default(),
            old: Generation::default(),
            max_entries: entries.div_ceil(2),
            max_bytes: bytes / 2,
            evicted: 0,
        }
    }

    /// The result for `token`, compared as a whole, if it is valid now.
    pub(crate) fn get(&mut self, token: &[u8], now: UnixTime) -> Option<Rc<V>> {
        let hash = Self::hash(token);
        let is_same = |entry: &&Entry<V>| bytes_eq(&entry.token, token);
        if let Some(entry) = self.young.tokens.get(&hash).filter(is_same) {
            return entry.result.value_at(now);
        }
        let value = self.old.tokens.get(&hash).filter(is_same)?.result.value_at(now)?;
        // Moved instead of copied, so that the old generation keeps unused tokens only.
        let entry = self.old.tokens.remove(&hash)?;
        self.put(hash, entry);
        Some(value)
    }

    pub(crate) fn insert(&mut self, token: &[u8], result: CachedResult<V>) {
        self.put(Self::hash(token), Entry { token: token.into(), result });
    }

    /// A hash of the token's length and end. Tokens with the same hash compete for one entry, which
    /// holds the whole token for comparison.
    fn hash(token: &[u8]) -> u64 {
        let words = token.last_chunk::<HASHED_BYTES>().map(|end| end.as_chunks::<8>().0);
        let seed = u64::try_from(token.len()).unwrap_or(0);
        let rest = if words.is_none() { token } else { &[] };
        let words = words.unwrap_or_default().iter().map(|word| u64::from_ne_bytes(*word));
        words.chain(rest.iter().map(|byte| u64::from(*byte))).fold(seed, |hash, word| {
            // A multiplication moves the low bits up, the shift moves them down again.
            let product = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ (product >> 32)
        })
    }

    /// The number of results dropped to make room since the last call.
    pub(crate) fn take_evicted(&mut self) -> u32 {
        std::mem::take(&mut self.evicted)
    }

    fn put(&mut self, hash: u64, entry: Entry<V>) {
        let bytes = entry.bytes();
        if self.max_entries == 0 || bytes > self.max_bytes {
            return;
        }
        let full = self.young.tokens.len() >= self.max_entries
            || self.young.bytes + bytes > self.max_bytes;
        if full && !self.young.tokens.contains_key(&hash) {
            let young = std::mem::take(&mut self.young);
            let dropped = std::mem::replace(&mut self.old, young).tokens.len();
            let dropped = u32::try_from(dropped).unwrap_or(u32::MAX);
            self.evicted = self.evicted.saturating_add(dropped);
        }
        // The replaced entry has the same token, or another token with the same hash.
        let replaced = self.young.tokens.insert(hash, entry).map_or(0, |other| other.bytes());
        self.young.bytes = self.young.bytes.saturating_add(bytes).saturating_sub(replaced);
    }

    /// Empties the cache.
    pub(crate) fn clear(&mut self) {
        self.young = Generation::default();
        self.old = Generation::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> UnixTime {
        UnixTime { millis }
    }

    fn result(value: u32) -> CachedResult<u32> {
        CachedResult { valid_from: 100, valid_until: 200, value: Rc::new(value), bytes: 0 }
    }

    #[test]
    fn result_is_valid_for_its_time_only() {
        let mut cache = TokenCache::new(10, 100_000);
        cache.insert(b"token", result(1));
        for (now, expected) in [(99, None), (100, Some(1)), (199, Some(1)), (200, None)] {
            assert_eq!(cache.get(b"token", at(now)).map(|v| *v), expected, "at {now}");
        }
        assert_eq!(cache.get(b"toke", at(150)), None);
        assert_eq!(cache.get(b"token ", at(150)), None);
        cache.clear();
        assert_eq!(cache.get(b"token", at(150)), None);
    }

    #[test]
    fn used_token_stays_and_entries_are_bounded() {
        let mut cache = TokenCache::new(100, 1_000_000);
        cache.insert(b"used", result(0));
        for n in 1..10_000_u32 {
            cache.insert(&n.to_le_bytes(), result(n));
            assert_eq!(cache.get(b"used", at(150)).map(|v| *v), Some(0), "after {n}");
            assert!(cache.young.tokens.len() + cache.old.tokens.len() <= 100);
        }
        // Every dropped token counts once. The used token is never dropped.
        let left = u32::try_from(cache.young.tokens.len() + cache.old.tokens.len()).unwrap();
        assert_eq!(cache.take_evicted(), 10_000 - left);
        assert_eq!(cache.take_evicted(), 0);
    }

    #[test]
    fn bytes_are_bounded() {
        let mut cache = TokenCache::new(1_000_000, 100_000);
        for n in 0..1_000_u32 {
            let mut token = vec![b'x'; 4_000];
            token.extend(n.to_le_bytes());
            cache.insert(&token, result(n));
            assert!(cache.young.bytes <= 50_000 && cache.old.bytes <= 50_000);
        }
        // The value counts like the token.
        for n in 0..10_u32 {
            cache.insert(&n.to_le_bytes(), CachedResult { bytes: 30_000, ..result(n) });
            assert!(cache.young.bytes <= 50_000 && cache.old.bytes <= 50_000);
            assert!(cache.young.tokens.len() <= 1);
        }
        cache.insert(&[b'y'; 60_000], result(1));
        assert_eq!(cache.get(&[b'y'; 60_000], at(150)), None);
    }

    #[test]
    fn cache_of_size_zero_stays_empty() {
        let mut cache = TokenCache::new(0, 0);
        cache.insert(b"token", result(1));
        assert_eq!(cache.get(b"token", at(150)), None);
    }
}
