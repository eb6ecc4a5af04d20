//! The data that the workers of one proxy share about a source of keys: a small record that
//! schedules the fetches, and the key set. Both have a fixed size, and their shared-data keys are a
//! fixed prefix and an index, so their memory is bounded.

use novasphere_core::{Change, SharedData, SharedDataError};
use sha2::{Digest, Sha256};

/// Maximum size of a key set in bytes.
pub(crate) const MAX_KEY_SET_BYTES: usize = 64 * 1024;

/// Identifies a source: a hash of everything that gives its keys their meaning.
pub(crate) type SourceId = [u8; 16];

/// The id of a source with these properties. The length of each part is hashed too, so that no two
/// lists of parts give the same id.
pub(super) fn source_id(parts: &[&str]) -> SourceId {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut id = SourceId::default();
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    id
}

/// Identifies a key set: a hash of its text. Workers, and successive records of one slot, thus never
/// confuse two sets.
pub(crate) type Generation = u64;

/// The generation of a string. Never 0.
pub(crate) fn generation_of(text: &[u8]) -> Generation {
    let digest = Sha256::digest(text);
    let (hash, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*hash).max(1)
}

/// The schedule of a source. Times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: SourceId,
    /// The current key set. 0 before the first one.
    pub(crate) generation: Generation,
    /// The number of failed fetches in a row.
    pub(crate) failures: u32,
    /// The start of the last fetch.
    pub(crate) fetched_at: u64,
    /// The time of the next fetch.
    pub(crate) due_at: u64,
    /// The end of the lease of the worker that fetches.
    pub(crate) leased_until: u64,
}

/// The size of the fields before the text of a stored key set: the source's id and the text's size.
const KEY_SET_HEAD_BYTES: usize = 16 + 4;

/// The index of the shared data of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

const KEY_PREFIX: &[u8] = b"novasphere.jwt-auth.1.";
/// Maximum number of sources that share data in one proxy.
pub(crate) const SLOTS: u32 = 256;
/// A record that is overdue for this many days belongs to a removed configuration.
pub(super) const ABANDONED_DAYS: u64 = 7;
const ABANDONED_MS: u64 = ABANDONED_DAYS * 86_400_000;

impl Slot {
    /// Finds the source's slot, or takes a free one. `None` if other sources have all slots.
    pub(crate) fn of(
        id: SourceId,
        now: u64,
        shared_data: &dyn SharedData,
    ) -> Result<Option<Self>, SharedDataError> {
        let [first, ..] = id;
        for probe in 0..SLOTS {
            let slot = Self((u32::from(first) + probe) % SLOTS);
            let is_ours =
                shared_data.update(&slot.key(0), |value| match Record::decode(value) {
                    Some(record) if record.id == id => (Change::Keep, true),
                    Some(record) if record.due_at.saturating_add(ABANDONED_MS) > now => {
                        (Change::Keep, false)
                    }
                    _ => {
                        *value = Record { id, due_at: now, ..Record::default() }.encode();
                        (Change::Write, true)
                    }
                })?;
            if is_ours {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    /// The record. `None` if another source took the slot.
    pub(crate) fn record(self, id: SourceId, shared_data: &dyn SharedData) -> Option<Record> {
        let (value, _) = shared_data.read(&self.key(0)).ok()??;
        Record::decode(&value).filter(|record| record.id == id)
    }

    /// Changes the record. Returns false if `change` does, or if another source took the slot.
    pub(crate) fn change(
        self,
        id: SourceId,
        shared_data: &dyn SharedData,
        mut change: impl FnMut(&mut Record) -> bool,
    ) -> bool {
        let result = shared_data.update(&self.key(0), |value| match Record::decode(value) {
            Some(mut record) if record.id == id => {
                let changed = change(&mut record);
                *value = record.encode();
                (if changed { Change::Write } else { Change::Keep }, changed)
            }
            _ => (Change::Keep, false),
        });
        result.unwrap_or(false)
    }

    /// The key set of this generation, if it is complete and belongs to the source. Another source
    /// may have taken the slot.
    pub(crate) fn key_set(
        self,
        id: SourceId,
        generation: Generation,
        shared_data: &dyn SharedData,
    ) -> Option<Vec<u8>> {
        let (mut value, _) = shared_data.read(&self.key(1)).ok()??;
        let (owner, rest) = value.split_first_chunk::<16>()?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        let text = rest.get(..size)?;
        if *owner != id || generation_of(text) != generation {
            return None;
        }
        value.drain(..KEY_SET_HEAD_BYTES);
        value.truncate(size);
        Some(value)
    }

    pub(crate) fn store_key_set(
        self,
        id: SourceId,
        text: &[u8],
        shared_data: &dyn SharedData,
    ) -> Result<(), SharedDataError> {
        let size = u32::try_from(text.len()).unwrap_or(u32::MAX);
        shared_data.update(&self.key(1), |value| {
            value.clear();
            value.extend(id);
            value.extend(size.to_le_bytes());
            value.extend_from_slice(text);
            value.resize(KEY_SET_HEAD_BYTES + MAX_KEY_SET_BYTES, 0);
            (Change::Write, ())
        })
    }

    fn key(self, part: u32) -> Vec<u8> {
        let mut key = KEY_PREFIX.to_vec();
        key.extend((self.0 * 2 + part).to_le_bytes());
        key
    }
}

impl Record {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.id.to_vec();
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.failures.to_le_bytes());
        for time in [self.fetched_at, self.due_at, self.leased_until] {
            bytes.extend(time.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (failures, rest) = rest.split_first_chunk::<4>()?;
        let (fetched_at, rest) = rest.split_first_chunk::<8>()?;
        let (due_at, rest) = rest.split_first_chunk::<8>()?;
        let (leased_until, []) = rest.split_first_chunk::<8>()? else { return None };
        Some(Self {
            id: *id,
            generation: u64::from_le_bytes(*generation),
            failures: u32::from_le_bytes(*failures),
            fetched_at: u64::from_le_bytes(*fetched_at),
            due_at: u64::from_le_bytes(*due_at),
            leased_until: u64::from_le_bytes(*leased_until),
        })
    }
}
