//! The key-value store that all workers of a proxy share.

use std::collections::{BTreeMap, HashMap};

use crate::{Called, Kind, Trap, status};

/// The shared data of one proxy.
#[derive(Debug, Default)]
pub(crate) struct SharedData {
    /// Entries by key on Envoy, and by the CRC32 of the key on nginx.
    entries: HashMap<Vec<u8>, Entry>,
    /// Keys by last use, oldest first.
    ages: BTreeMap<u64, Vec<u8>>,
    clock: u64,
    used: usize,
    /// Makes the next read return the second half of this value.
    pub(crate) torn_with: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    cas: u32,
    age: u64,
}

/// The size of an entry without its value, in bytes.
const OVERHEAD: usize = 100;

impl SharedData {
    pub(crate) fn get(
        &mut self,
        kind: Kind,
        zone: Option<usize>,
        key: &[u8],
    ) -> Called<(Vec<u8>, u32)> {
        if kind == Kind::Nginx && zone.is_none() {
            return Err(no_zone("getting value from"));
        }
        let key = identity(kind, key);
        self.touch(&key);
        let Some(entry) = self.entries.get(&key) else { return Ok(Err(status::NOT_FOUND)) };
        let mut value = entry.value.clone();
        if let Some(other) = self.torn_with.take() {
            let half = value.len() / 2;
            let other = other.iter().skip(half).copied();
            value.iter_mut().skip(half).zip(other).for_each(|(old, new)| *old = new);
        }
        Ok(Ok((value, entry.cas)))
    }

    pub(crate) fn set(
        &mut self,
        kind: Kind,
        zone: Option<usize>,
        key: &[u8],
        value: &[u8],
        cas: u32,
    ) -> Called<()> {
        let key = identity(kind, key);
        let current = self.entries.get(&key).map(|entry| (entry.cas, entry.value.len()));
        match kind {
            Kind::Envoy => {
                let mismatch = current.is_some_and(|(now, _)| cas != 0 && cas != now);
                if mismatch {
                    return Ok(Err(status::CAS_MISMATCH));
                }
            }
            Kind::Nginx => {
                let zone = zone.ok_or_else(|| no_zone("setting value to"))?;
                if cas != current.map_or(0, |(now, _)| now) {
                    return Ok(Err(status::CAS_MISMATCH));
                }
                let old = current.map_or(0, |(_, size)| size);
                let more = if current.is_some() { 0 } else { OVERHEAD };
                let needed = (self.used + more + value.len()).saturating_sub(old);
                if needed > zone && current.is_some() && value.len() > old {
                    // The eviction that makes room may evict the entry itself.
                    return Err(Trap::crash("segmentation fault: a value grew in a full zone"));
                }
                self.make_room(zone, more + value.len().saturating_sub(old), &key)?;
            }
        }
        let old = current.map_or(0, |(_, size)| size + OVERHEAD);
        self.used = (self.used + value.len() + OVERHEAD).saturating_sub(old);
        let cas = current.map_or(1, |(now, _)| now.wrapping_add(1));
        if let Some(entry) = self.entries.get(&key) {
            self.ages.remove(&entry.age);
        }
        self.clock += 1;
        self.ages.insert(self.clock, key.clone());
        self.entries.insert(key, Entry { value: value.to_vec(), cas, age: self.clock });
        Ok(Ok(()))
    }

    /// Sets the bytes of the most recently used value to zero, except for the first `bytes`.
    pub(crate) fn cut_last_value(&mut self, bytes: usize) {
        let last = self.ages.last_key_value().and_then(|(_, key)| self.entries.get_mut(key));
        if let Some(Entry { value, .. }) = last {
            value.iter_mut().skip(bytes).for_each(|byte| *byte = 0);
        }
    }

    /// Returns the number of keys.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Evicts the least recently used entries. Reports nothing.
    fn make_room(&mut self, zone: usize, more: usize, but: &[u8]) -> Result<(), Trap> {
        while self.used + more > zone {
            let Some((age, key)) = self.ages.iter().find(|(_, key)| *key != but) else {
                return Err(Trap::new("failed setting value to shm (could not write to slab)"));
            };
            let (age, key) = (*age, key.clone());
            self.ages.remove(&age);
            if let Some(entry) = self.entries.remove(&key) {
                self.used = self.used.saturating_sub(entry.value.len() + OVERHEAD);
            }
        }
        Ok(())
    }

    fn touch(&mut self, key: &[u8]) {
        self.clock += 1;
        if let Some(entry) = self.entries.get_mut(key)
            && let Some(key) = self.ages.remove(&entry.age)
        {
            entry.age = self.clock;
            self.ages.insert(self.clock, key);
        }
    }
}

fn no_zone(what: &str) -> Trap {
    Trap::new(format!("failed {what} shm (could not resolve namespace)"))
}

/// nginx compares the checksums of keys only.
fn identity(kind: Kind, key: &[u8]) -> Vec<u8> {
    match kind {
        Kind::Envoy => key.to_vec(),
        Kind::Nginx => crc32(key).to_be_bytes().to_vec(),
    }
}

/// Computes the CRC-32 of IEEE 802.3.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, byte)
}
