//! Verified tokens, remembered by one worker: a signature costs up to a millisecond, a look-up less
//! than a microsecond.
//!
//! Two halves: what is used goes into the young one; when that is full it becomes the old one, and
//! what was in the old one and not used since is forgotten. So what is in use stays, without a list
//! to keep in order, and entries and bytes are bounded.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    rc::Rc,
};

use novasphere_core::{UnixTime, bytes_eq};

/// What a token was found to say, by the token itself.
pub(crate) struct Cache<V> {
    /// Keys the places of tokens.
    random: RandomState,
    young: Half<V>,
    old: Half<V>,
    /// What a half may hold.
    entries: usize,
    bytes: usize,
    /// Not told of yet.
    forgotten: u32,
}

struct Half<V> {
    tokens: HashMap<u64, Entry<V>, BuildHasherDefault<AsItIs>>,
    bytes: usize,
}

struct Entry<V> {
    /// The whole token.
    token: Box<[u8]>,
    verified: Verified<V>,
}

impl<V> Entry<V> {
    fn bytes(&self) -> usize {
        self.token.len().saturating_add(ENTRY_BYTES)
    }
}

/// For keys that are hashes already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl<V> Default for Half<V> {
    fn default() -> Self {
        Self { tokens: HashMap::default(), bytes: 0 }
    }
}

/// A result, and from when until when it holds.
pub(crate) struct Verified<V> {
    /// Until just before then, in milliseconds since the epoch.
    pub(crate) until: u64,
    /// From then on, in milliseconds since the epoch.
    pub(crate) from: u64,
    pub(crate) value: Rc<V>,
}

impl<V> Verified<V> {
    fn at(&self, now: UnixTime) -> Option<Rc<V>> {
        (self.from <= now.millis && now.millis < self.until).then(|| Rc::clone(&self.value))
    }
}

/// Counted for each entry besides its token: what the table and the result take.
const ENTRY_BYTES: usize = 512;

/// So much of a token's end is hashed: of a signature, which whoever sends tokens cannot choose.
const HASHED_BYTES: usize = 32;

impl<V> Cache<V> {
    /// One for so many tokens and bytes.
    pub(crate) fn new(entries: usize, bytes: usize) -> Self {
        Self {
            random: RandomState::new(),
            young: Half::default(),
            old: Half::default(),
            entries: entries.div_ceil(2),
            bytes: bytes / 2,
            forgotten: 0,
        }
    }

    /// What `token`, compared as a whole, was found to say, if that still holds.
    pub(crate) fn get(&mut self, token: &[u8], now: UnixTime) -> Option<Rc<V>> {
        let place = self.place(token);
        let is_it = |entry: &&Entry<V>| bytes_eq(&entry.token, token);
        if let Some(entry) = self.young.tokens.get(&place).filter(is_it) {
            return entry.verified.at(now);
        }
        let value = self.old.tokens.get(&place).filter(is_it)?.verified.at(now)?;
        // Moved, not copied: what stays in the old half is what nobody uses.
        let entry = self.old.tokens.remove(&place)?;
        self.put(place, entry);
        Some(value)
    }

    /// Remembers a result.
    pub(crate) fn insert(&mut self, token: &[u8], verified: Verified<V>) {
        self.put(self.place(token), Entry { token: token.into(), verified });
    }

    fn place(&self, token: &[u8]) -> u64 {
        let end = token.last_chunk::<HASHED_BYTES>();
        self.random.hash_one(end.map_or(token, |end| end.as_slice()))
    }

    /// How many results were forgotten for others since this was asked last.
    pub(crate) fn take_forgotten(&mut self) -> u32 {
        std::mem::take(&mut self.forgotten)
    }

    fn put(&mut self, place: u64, entry: Entry<V>) {
        let bytes = entry.bytes();
        if self.entries == 0 || bytes > self.bytes {
            return;
        }
        let full = self.young.tokens.len() >= self.entries || self.young.bytes + bytes > self.bytes;
        if full && !self.young.tokens.contains_key(&place) {
            let young = std::mem::take(&mut self.young);
            let gone = std::mem::replace(&mut self.old, young).tokens.len();
            self.forgotten = self.forgotten.saturating_add(u32::try_from(gone).unwrap_or(u32::MAX));
        }
        // What was at its place: the same token, or one of the same hash.
        let replaced = self.young.tokens.insert(place, entry).map_or(0, |other| other.bytes());
        self.young.bytes = self.young.bytes.saturating_add(bytes).saturating_sub(replaced);
    }

    /// Forgets everything: keys have changed.
    pub(crate) fn clear(&mut self) {
        self.young = Half::default();
        self.old = Half::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> UnixTime {
        UnixTime { millis }
    }

    fn holds(value: u32) -> Verified<u32> {
        Verified { from: 100, until: 200, value: Rc::new(value) }
    }

    #[test]
    fn a_result_holds_for_its_time_only() {
        let mut cache = Cache::new(10, 100_000);
        cache.insert(b"token", holds(1));
        for (now, expected) in [(99, None), (100, Some(1)), (199, Some(1)), (200, None)] {
            assert_eq!(cache.get(b"token", at(now)).map(|v| *v), expected, "at {now}");
        }
        assert_eq!(cache.get(b"toke", at(150)), None);
        assert_eq!(cache.get(b"token ", at(150)), None);
        cache.clear();
        assert_eq!(cache.get(b"token", at(150)), None);
    }

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut cache = Cache::new(100, 1_000_000);
        cache.insert(b"used", holds(0));
        for n in 1..10_000_u32 {
            cache.insert(&n.to_le_bytes(), holds(n));
            assert_eq!(cache.get(b"used", at(150)).map(|v| *v), Some(0), "after {n}");
            assert!(cache.young.tokens.len() + cache.old.tokens.len() <= 100);
        }
        // Everything that is not there any more, each once, and never what is used.
        let left = u32::try_from(cache.young.tokens.len() + cache.old.tokens.len()).unwrap();
        assert_eq!(cache.take_forgotten(), 10_000 - left);
        assert_eq!(cache.take_forgotten(), 0);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut cache = Cache::new(1_000_000, 100_000);
        for n in 0..1_000_u32 {
            let mut token = vec![b'x'; 4_000];
            token.extend(n.to_le_bytes());
            cache.insert(&token, holds(n));
            assert!(cache.young.bytes <= 50_000 && cache.old.bytes <= 50_000);
        }
        cache.insert(&[b'y'; 60_000], holds(1));
        assert_eq!(cache.get(&[b'y'; 60_000], at(150)), None);
    }

    #[test]
    fn none_is_a_size_too() {
        let mut cache = Cache::new(0, 0);
        cache.insert(b"token", holds(1));
        assert_eq!(cache.get(b"token", at(150)), None);
    }
}
