//! A map with host-assigned numbers as keys: context IDs and callout tokens.
//!
//! `docs/decisions/0008-id-map.md` compares it with the standard `HashMap`.

/// Values by ID. Hosts assign IDs by counting up, so the low bits of an ID select its slot, in a
/// table with at least twice as many slots as entries. If the slot is taken, the next free one is
/// used (linear probing). The table never shrinks.
pub(crate) struct IdMap<T> {
    slots: Vec<Option<(u32, T)>>,
    len: usize,
}

/// Initial number of slots. All sizes are powers of two.
const INITIAL_SLOTS: usize = 16;

impl<T> Default for IdMap<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), len: 0 }
    }
}

impl<T> IdMap<T> {
    /// Inserts a value. Replaces the value of the same ID.
    pub(crate) fn insert(&mut self, id: u32, value: T) {
        if let Some(old) = self.get_mut(id) {
            *old = value;
            return;
        }
        if self.len.saturating_mul(2) >= self.slots.len() {
            let size = self.slots.len().saturating_mul(2).max(INITIAL_SLOTS);
            let old = std::mem::replace(&mut self.slots, empty_slots(size));
            old.into_iter().flatten().for_each(|(id, value)| self.put(id, value));
        }
        self.put(id, value);
        self.len = self.len.saturating_add(1);
    }

    /// The value of an ID.
    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        let index = self.find(id)?;
        self.slots.get_mut(index)?.as_mut().map(|(_, value)| value)
    }

    /// Removes the value of an ID and moves later entries of the probe sequence up.
    pub(crate) fn remove(&mut self, id: u32) -> Option<T> {
        let mut hole = self.find(id)?;
        let (_, value) = self.slots.get_mut(hole)?.take()?;
        self.len = self.len.saturating_sub(1);
        let mut index = self.next(hole);
        while let Some(Some((id, _))) = self.slots.get(index) {
            let home = self.home(*id);
            if self.distance(home, index) >= self.distance(hole, index) {
                self.slots.swap(hole, index);
                hole = index;
            }
            index = self.next(index);
        }
        Some(value)
    }

    /// Removes the values for which `keep` returns false.
    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let dropped = |(id, value): &(u32, T)| (!keep(value)).then_some(*id);
        let ids: Vec<u32> = self.slots.iter().flatten().filter_map(dropped).collect();
        for id in ids {
            self.remove(id);
        }
    }

    /// The search ends, since there is always a free slot.
    fn find(&self, id: u32) -> Option<usize> {
        let mut index = self.home(id);
        loop {
            match self.slots.get(index)? {
                Some((other, _)) if *other == id => return Some(index),
                Some(_) => index = self.next(index),
                None => return None,
            }
        }
    }

    fn put(&mut self, id: u32, value: T) {
        let mut index = self.home(id);
        while self.slots.get(index).is_some_and(Option::is_some) {
            index = self.next(index);
        }
        if let Some(slot) = self.slots.get_mut(index) {
            *slot = Some((id, value));
        }
    }

    fn home(&self, id: u32) -> usize {
        id as usize & self.mask()
    }

    fn next(&self, index: usize) -> usize {
        index.wrapping_add(1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn mask(&self) -> usize {
        self.slots.len().saturating_sub(1)
    }
}

fn empty_slots<T>(size: usize) -> Vec<Option<(u32, T)>> {
    std::iter::repeat_with(|| None).take(size).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn empty_map_returns_none() {
        let mut map = IdMap::<()>::default();
        assert_eq!(map.get_mut(0), None);
        assert_eq!(map.remove(u32::MAX), None);
    }

    #[test]
    fn ids_with_the_same_home_slot_are_distinct() {
        let mut map = IdMap::default();
        for id in [1, 17, 33, 49, u32::MAX - 14] {
            map.insert(id, id);
        }
        map.insert(33, 5);
        assert_eq!(map.remove(1), Some(1));
        assert_eq!([17, 33, 49].map(|id| map.get_mut(id).copied()), [17, 5, 49].map(Some));
        assert_eq!(map.get_mut(1), None);
        assert_eq!(map.remove(u32::MAX - 14), Some(u32::MAX - 14));
        assert_eq!(map.remove(u32::MAX - 14), None);
    }

    #[test]
    fn finished_streams_leave_no_memory_behind() {
        let mut map = IdMap::default();
        map.insert(3, 3); // a long-lived stream
        for id in 4..100_000 {
            map.insert(id, id);
            assert!(id < 8 || map.remove(id - 4) == Some(id - 4));
        }
        assert_eq!((map.slots.len(), map.get_mut(3).copied()), (INITIAL_SLOTS, Some(3)));
    }

    #[test]
    fn retain_removes_rejected_values() {
        let mut map = IdMap::default();
        (0..100).for_each(|id| map.insert(id, id));
        map.retain(|value| value % 3 == 0);
        for id in 0..100 {
            assert_eq!(map.get_mut(id).copied(), (id % 3 == 0).then_some(id));
        }
    }

    #[test]
    fn behaves_like_a_hash_map() {
        let (mut ours, mut standard) = (IdMap::default(), HashMap::new());
        let mut random = 1_u64;
        for step in 0..200_000_u32 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let id = (random >> 33) as u32 % 500;
            match (random >> 60) % 3 {
                0 => assert_eq!(ours.remove(id), standard.remove(&id)),
                1 => assert_eq!(ours.get_mut(id), standard.get_mut(&id)),
                _ => {
                    ours.insert(id, step);
                    standard.insert(id, step);
                }
            }
            assert_eq!(ours.len, standard.len());
        }
        assert!(standard.iter().all(|(id, value)| ours.get_mut(*id) == Some(&mut value.clone())));
    }
}
