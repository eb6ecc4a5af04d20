//! A map with host-assigned numbers as keys: context IDs and callout tokens.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map by ID. Hosts assign IDs, so no client can choose colliding ones, and a cheap hash is safe.
pub(crate) type IdMap<T> = HashMap<u32, T, BuildHasherDefault<IdHasher>>;

/// Hashes a `u32`. The product's high bits differ for consecutive IDs: `HashMap` uses the low bits
/// for the bucket and the high bits to tell entries of a group apart.
#[derive(Default)]
pub(crate) struct IdHasher(u32);

/// 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, section 6.4).
const MULTIPLIER: u32 = 0x9e37_79b9;

impl Hasher for IdHasher {
    #[inline]
    fn write_u32(&mut self, id: u32) {
        self.0 = id.wrapping_mul(MULTIPLIER);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(self.0.rotate_left(8) ^ u32::from(*byte));
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        u64::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_streams_leave_no_memory_behind() {
        let mut map = IdMap::default();
        map.insert(3, 3); // a long-lived stream
        for id in 4..100_000 {
            map.insert(id, id);
            assert!(id < 8 || map.remove(&(id - 4)) == Some(id - 4));
        }
        assert_eq!((map.len(), map.get(&3)), (5, Some(&3)));
        assert!(map.capacity() <= 16, "{}", map.capacity());
    }

    #[test]
    fn ids_that_differ_by_a_power_of_two_are_distinct() {
        let ids: Vec<u32> = (0..32).map(|bit| 1 << bit).chain([0, u32::MAX]).collect();
        let map: IdMap<u32> = ids.iter().map(|id| (*id, *id)).collect();
        assert!(ids.iter().all(|id| map.get(id) == Some(id)));
    }
}
