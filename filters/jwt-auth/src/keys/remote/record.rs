//! What the workers of one proxy share about a source of keys: a small record that says when to
//! fetch and who does, and the key set itself. Both have a fixed size, and their keys in the store
//! are a fixed prefix and an index, so that they take a bounded room for ever.

use novasphere_core::{Change, SharedData, SharedDataError};
use sha2::{Digest, Sha256};

/// The longest key set, in bytes.
pub(crate) const MAX_KEY_SET_BYTES: usize = 64 * 1024;

/// What tells a source from others: a hash of all that gives its keys their meaning.
pub(crate) type Identity = [u8; 16];

/// Which key set: a hash of its text, so that two workers, or two records of one place, never call
/// different sets the same.
pub(crate) type Generation = u64;

/// The generation of a text; never 0.
pub(crate) fn generation_of(text: &[u8]) -> Generation {
    let digest = Sha256::digest(text);
    let (hash, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    u64::from_le_bytes(*hash).max(1)
}

/// The record. Times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) identity: Identity,
    /// The key set that counts; 0 for none yet.
    pub(crate) generation: Generation,
    /// Fetches that failed in a row.
    pub(crate) failures: u32,
    /// When the last fetch began.
    pub(crate) fetched_at: u64,
    /// When the next fetch is due.
    pub(crate) due_at: u64,
    /// Until when a worker has taken the fetch upon itself.
    pub(crate) leased_until: u64,
}

/// Before the text of a stored key set: the source's identity and the size of the text.
const KEY_SET_HEAD_BYTES: usize = 16 + 4;

/// One place for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

const KEY_PREFIX: &[u8] = b"novasphere.jwt-auth.1.";
const SLOTS: u32 = 256;
/// Places a source looks at before it goes without.
const PROBES: u32 = 8;
/// A record not used for so long belongs to a configuration that is gone, in milliseconds.
const ABANDONED_MS: u64 = 7 * 86_400_000;

impl Slot {
    /// Finds the source's place, or takes a free one.
    pub(crate) fn of(
        identity: Identity,
        now: u64,
        store: &dyn SharedData,
    ) -> Result<Self, SharedDataError> {
        let [first, ..] = identity;
        for probe in 0..PROBES {
            let slot = Self((u32::from(first) + probe) % SLOTS);
            let is_ours = store.update(&slot.key(0), |value| match Record::decode(value) {
                Some(record) if record.identity == identity => (Change::Keep, true),
                Some(record) if record.due_at.saturating_add(ABANDONED_MS) > now => {
                    (Change::Keep, false)
                }
                _ => {
                    *value = Record { identity, due_at: now, ..Record::default() }.encode();
                    (Change::Write, true)
                }
            })?;
            if is_ours {
                return Ok(slot);
            }
        }
        Err(SharedDataError::Contended)
    }

    /// The record; `None` when the place was taken by another source.
    pub(crate) fn record(self, identity: Identity, store: &dyn SharedData) -> Option<Record> {
        let (value, _) = store.read(&self.key(0)).ok()??;
        Record::decode(&value).filter(|record| record.identity == identity)
    }

    /// Changes the record, unless `change` says no or the place is another source's now.
    pub(crate) fn change(
        self,
        identity: Identity,
        store: &dyn SharedData,
        mut change: impl FnMut(&mut Record) -> bool,
    ) -> bool {
        let result = store.update(&self.key(0), |value| match Record::decode(value) {
            Some(mut record) if record.identity == identity => {
                let changed = change(&mut record);
                *value = record.encode();
                (if changed { Change::Write } else { Change::Keep }, changed)
            }
            _ => (Change::Keep, false),
        });
        result.unwrap_or(false)
    }

    /// The key set of that generation, if it is whole and the source's own: the place may have
    /// been another's in between.
    pub(crate) fn key_set(
        self,
        identity: Identity,
        generation: Generation,
        store: &dyn SharedData,
    ) -> Option<Vec<u8>> {
        let (mut value, _) = store.read(&self.key(1)).ok()??;
        let (owner, rest) = value.split_first_chunk::<16>()?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
        let text = rest.get(..size)?;
        if *owner != identity || generation_of(text) != generation {
            return None;
        }
        value.drain(..KEY_SET_HEAD_BYTES);
        value.truncate(size);
        Some(value)
    }

    /// Stores a key set.
    pub(crate) fn store_key_set(
        self,
        identity: Identity,
        text: &[u8],
        store: &dyn SharedData,
    ) -> Result<(), SharedDataError> {
        let size = u32::try_from(text.len()).unwrap_or(u32::MAX);
        store.update(&self.key(1), |value| {
            value.clear();
            value.extend(identity);
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
        let mut bytes = self.identity.to_vec();
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.failures.to_le_bytes());
        for time in [self.fetched_at, self.due_at, self.leased_until] {
            bytes.extend(time.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (identity, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (failures, rest) = rest.split_first_chunk::<4>()?;
        let (fetched_at, rest) = rest.split_first_chunk::<8>()?;
        let (due_at, rest) = rest.split_first_chunk::<8>()?;
        let (leased_until, []) = rest.split_first_chunk::<8>()? else { return None };
        Some(Self {
            identity: *identity,
            generation: u64::from_le_bytes(*generation),
            failures: u32::from_le_bytes(*failures),
            fetched_at: u64::from_le_bytes(*fetched_at),
            due_at: u64::from_le_bytes(*due_at),
            leased_until: u64::from_le_bytes(*leased_until),
        })
    }
}
