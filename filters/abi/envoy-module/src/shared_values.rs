//! The values that all workers of the process share, and all configurations with one scope. They
//! survive a new configuration, and end with the process.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use novasphere_core::{Cas, SharedData, SharedDataError, Written};

/// The number of parts with a lock each. A lock is held for a copy of at most some hundred bytes, so
/// workers rarely meet.
const PARTS: usize = 64;

/// A map with compare-and-swap.
pub(crate) struct SharedValues {
    parts: [Part; PARTS],
}

type Values = HashMap<Vec<u8>, (Vec<u8>, Cas), BuildHasherDefault<KeyHasher>>;
type Part = Mutex<Values>;

/// Hashes keys by their last bytes: a key is a prefix of a filter and the index of a slot. Clients
/// choose neither, so the hash needs no secret.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        // 2^64 divided by the golden ratio spreads small numbers over all bits.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let tail = bytes.last_chunk::<8>().map_or(0, |tail| u64::from_le_bytes(*tail));
        let product = u128::from(self.0 ^ tail ^ bytes.len() as u64) * u128::from(SPREAD);
        // Both halves together depend on all bits.
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The first CAS token of a value.
const FIRST: Cas = Cas(1);

static SCOPES: Mutex<BTreeMap<String, &'static SharedValues>> = Mutex::new(BTreeMap::new());

impl SharedValues {
    fn new() -> Self {
        Self { parts: std::array::from_fn(|_| Part::default()) }
    }

    /// The values of a scope. They are never freed: counts must survive until the next
    /// configuration. The names of scopes come from configurations, so there are few.
    pub(crate) fn of_scope(scope: &str) -> &'static Self {
        let mut scopes = SCOPES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(values) = scopes.get(scope) {
            return values;
        }
        let values: &'static Self = Box::leak(Box::new(Self::new()));
        scopes.insert(scope.to_owned(), values);
        values
    }

    /// The part with `key`. A panic cannot leave a part half changed, so poison means nothing.
    fn part(&self, key: &[u8]) -> Option<MutexGuard<'_, Values>> {
        // The index of a slot is in little-endian order.
        let index = key.iter().rev().nth(3).copied().unwrap_or_default();
        let part = self.parts.get(usize::from(index) % PARTS)?;
        Some(part.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SharedData for SharedValues {
    fn read(&self, key: &[u8]) -> Result<Option<(Vec<u8>, Cas)>, SharedDataError> {
        let part = self.part(key).ok_or(SharedDataError::Contended)?;
        Ok(part.get(key).cloned())
    }

    fn write(
        &self,
        key: &[u8],
        value: &[u8],
        seen: Option<Cas>,
    ) -> Result<Written, SharedDataError> {
        let mut part = self.part(key).ok_or(SharedDataError::Contended)?;
        if let (Some(seen), Some((stored, cas))) = (seen, part.get_mut(key)) {
            if *cas != seen {
                return Ok(Written::CasMismatch);
            }
            *cas = Cas(cas.0.wrapping_add(1));
            stored.clear();
            stored.extend_from_slice(value);
            return Ok(Written::Done);
        }
        Ok(match part.entry(key.to_vec()) {
            Entry::Vacant(entry) if seen.is_none() => {
                entry.insert((value.to_vec(), FIRST));
                Written::Done
            }
            // A value that was seen cannot be gone, and one that was not seen exists now.
            Entry::Vacant(_) | Entry::Occupied(_) => Written::CasMismatch,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use novasphere_core::Change;

    use super::*;

    #[test]
    fn write_needs_the_current_token() {
        let data = SharedValues::new();
        assert_eq!(data.read(b"k"), Ok(None));
        assert_eq!(data.write(b"k", b"x", Some(Cas(7))), Ok(Written::CasMismatch));
        assert_eq!(data.write(b"k", b"a", None), Ok(Written::Done));
        assert_eq!(data.write(b"k", b"b", None), Ok(Written::CasMismatch));
        let (value, cas) = data.read(b"k").unwrap().unwrap();
        assert_eq!(value, b"a");
        assert_eq!(data.write(b"k", b"longer", Some(cas)), Ok(Written::Done));
        assert_eq!(data.write(b"k", b"late", Some(cas)), Ok(Written::CasMismatch));
        assert_eq!(data.read(b"k").unwrap().unwrap().0, b"longer");
    }

    #[test]
    fn indices_spread_over_parts_and_hashes() {
        let hash = |key: &[u8]| {
            let mut hasher = KeyHasher::default();
            hasher.write(key);
            hasher.finish()
        };
        let key =
            |index: u32| [b"novasphere.rate-limit.".as_slice(), &index.to_le_bytes()].concat();
        let data = SharedValues::new();
        for index in 0..6_400 {
            assert_eq!(data.write(&key(index), b"", None), Ok(Written::Done));
        }
        assert!(data.parts.iter().all(|part| part.lock().unwrap().len() == 100));
        // The map takes the low bits for the bucket and the high ones for its tag.
        let low: HashSet<u64> = (0..6_400).map(|index| hash(&key(index)) % 8_192).collect();
        let high: HashSet<u64> = (0..6_400).map(|index| hash(&key(index)) >> 57).collect();
        assert!(low.len() > 3_000 && high.len() == 128, "{} {}", low.len(), high.len());
        assert_ne!(hash(b"k"), hash(b"kk"));
    }

    #[test]
    fn scopes_are_separate_and_stay() {
        let one = SharedValues::of_scope("scopes_are_separate/1");
        assert_eq!(one.write(b"k", b"a", None), Ok(Written::Done));
        let other = SharedValues::of_scope("scopes_are_separate/2");
        assert_eq!(other.read(b"k"), Ok(None));
        let again = SharedValues::of_scope("scopes_are_separate/1");
        assert_eq!(again.read(b"k").unwrap().unwrap().0, b"a");
    }

    #[test]
    fn no_count_of_concurrent_workers_is_lost() {
        const WORKERS: u32 = 8;
        const COUNTS: u32 = 2_000;
        let data = SharedValues::new();
        let count = |slot: u32| {
            let data: &dyn SharedData = &data;
            data.update(&slot.to_le_bytes(), |value| {
                let stored = <[u8; 4]>::try_from(value.as_slice()).unwrap_or_default();
                *value = (u32::from_le_bytes(stored) + 1).to_le_bytes().to_vec();
                (Change::Write, ())
            })
            .unwrap();
        };
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| (0..COUNTS).for_each(|n| count(n % 3)));
            }
        });
        let total: u32 = (0..3_u32)
            .map(|slot| {
                let (value, _) = data.read(&slot.to_le_bytes()).unwrap().unwrap();
                u32::from_le_bytes(value.try_into().unwrap())
            })
            .sum();
        assert_eq!(total, WORKERS * COUNTS);
    }
}
