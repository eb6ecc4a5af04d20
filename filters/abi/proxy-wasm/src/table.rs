//! What is known of each stream, by its context's number.

/// Values by number. Hosts count contexts up, so the lowest bits of a number are its place, in a
/// table with at least twice the room that is needed; where a stream of long ago is in the way, the
/// next free place is taken. It never grows smaller: its size is that of the most streams at a time.
pub(crate) struct Table<T> {
    places: Vec<Option<(u32, T)>>,
    count: usize,
}

/// A power of two, as all sizes are.
const FIRST_SIZE: usize = 16;

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self { places: Vec::new(), count: 0 }
    }

    /// Puts a value in, in place of one of the same number.
    pub(crate) fn insert(&mut self, number: u32, value: T) {
        if let Some(old) = self.get_mut(number) {
            *old = value;
            return;
        }
        if self.count.saturating_mul(2) >= self.places.len() {
            let size = self.places.len().saturating_mul(2).max(FIRST_SIZE);
            let old = std::mem::replace(&mut self.places, vacant(size));
            old.into_iter().flatten().for_each(|(number, value)| self.put(number, value));
        }
        self.put(number, value);
        self.count = self.count.saturating_add(1);
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = self.find(number)?;
        self.places.get_mut(at)?.as_mut().map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let mut hole = self.find(number)?;
        let (_, value) = self.places.get_mut(hole)?.take()?;
        self.count = self.count.saturating_sub(1);
        // Those that stand further on because this place was taken move up.
        let mut at = self.after(hole);
        while let Some(Some((number, _))) = self.places.get(at) {
            let home = self.home(*number);
            if self.distance(home, at) >= self.distance(hole, at) {
                self.places.swap(hole, at);
                hole = at;
            }
            at = self.after(at);
        }
        Some(value)
    }

    /// Takes out what is not to stay.
    pub(crate) fn retain(&mut self, stays: impl Fn(&T) -> bool) {
        let goes = |(number, value): &(u32, T)| (!stays(value)).then_some(*number);
        let gone: Vec<u32> = self.places.iter().flatten().filter_map(goes).collect();
        for number in gone {
            self.remove(number);
        }
    }

    /// There is a free place, always: the search ends there.
    fn find(&self, number: u32) -> Option<usize> {
        let mut at = self.home(number);
        loop {
            match self.places.get(at)? {
                Some((other, _)) if *other == number => return Some(at),
                Some(_) => at = self.after(at),
                None => return None,
            }
        }
    }

    fn put(&mut self, number: u32, value: T) {
        let mut at = self.home(number);
        while self.places.get(at).is_some_and(Option::is_some) {
            at = self.after(at);
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = Some((number, value));
        }
    }

    fn home(&self, number: u32) -> usize {
        number as usize & self.mask()
    }

    fn after(&self, at: usize) -> usize {
        at.wrapping_add(1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    fn mask(&self) -> usize {
        self.places.len().saturating_sub(1)
    }
}

fn vacant<T>(size: usize) -> Vec<Option<(u32, T)>> {
    std::iter::repeat_with(|| None).take(size).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn an_empty_table_holds_nothing() {
        let mut table = Table::<()>::new();
        assert_eq!(table.get_mut(0), None);
        assert_eq!(table.remove(u32::MAX), None);
    }

    #[test]
    fn numbers_are_told_apart_wherever_they_stand() {
        let mut table = Table::new();
        // All at home in the same place.
        for number in [1, 17, 33, 49, u32::MAX - 14] {
            table.insert(number, number);
        }
        table.insert(33, 5);
        assert_eq!(table.remove(1), Some(1));
        assert_eq!(
            [17, 33, 49].map(|number| table.get_mut(number).copied()),
            [17, 5, 49].map(Some)
        );
        assert_eq!(table.get_mut(1), None);
        assert_eq!(table.remove(u32::MAX - 14), Some(u32::MAX - 14));
        assert_eq!(table.remove(u32::MAX - 14), None);
    }

    #[test]
    fn streams_that_come_and_go_take_no_more_room() {
        let mut table = Table::new();
        table.insert(3, 3); // stays, in the way of others
        for number in 4..100_000 {
            table.insert(number, number);
            assert!(number < 8 || table.remove(number - 4) == Some(number - 4));
        }
        assert_eq!((table.places.len(), table.get_mut(3).copied()), (FIRST_SIZE, Some(3)));
    }

    #[test]
    fn what_is_not_to_stay_goes() {
        let mut table = Table::new();
        (0..100).for_each(|number| table.insert(number, number));
        table.retain(|value| value % 3 == 0);
        for number in 0..100 {
            assert_eq!(table.get_mut(number).copied(), (number % 3 == 0).then_some(number));
        }
    }

    #[test]
    fn it_is_a_map() {
        let (mut table, mut map) = (Table::new(), HashMap::new());
        let mut random = 1_u64;
        for step in 0..200_000_u32 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let number = (random >> 33) as u32 % 500;
            match (random >> 60) % 3 {
                0 => assert_eq!(table.remove(number), map.remove(&number)),
                1 => assert_eq!(table.get_mut(number), map.get_mut(&number)),
                _ => {
                    table.insert(number, step);
                    map.insert(number, step);
                }
            }
            assert_eq!(table.count, map.len());
        }
        assert!(
            map.iter().all(|(number, value)| table.get_mut(*number) == Some(&mut value.clone()))
        );
    }
}
