//! The slots of the table in shared data, and their keys.

use novasphere_core::{Change, Env, SharedDataError};

/// The prefix of all keys. 4 bytes of index follow, so the keys are a bounded set. A table of `n`
/// slots, a power of two, has the indices `n` to `2n - 1`, so tables of different sizes have
/// different keys. The number is the version of the slot layout.
const KEY_PREFIX: &[u8] = b"novasphere.rate-limit.2.";

/// The index of the secret that keys the fingerprints. It is not the index of a slot.
const SEED_INDEX: u32 = u32::MAX;

/// The number of slots of a table, a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots(u32);

impl Slots {
    /// Enough slots for `max_clients`. With at most 2.4 clients per slot on average, fewer than 0.1%
    /// of the slots have more clients than entries (Poisson).
    pub(crate) fn for_clients(max_clients: u32) -> Self {
        let slots = (u64::from(max_clients) * 5).div_ceil(12).next_power_of_two();
        Self(slots.try_into().unwrap_or(1))
    }

    pub(crate) fn count(self) -> u32 {
        self.0
    }

    /// The index of the slot for a hash.
    pub(super) fn index(self, hash: u32) -> u32 {
        self.0 | (hash & (self.0 - 1))
    }
}

/// The key of an index in shared data.
pub(super) fn key(index: u32) -> Vec<u8> {
    [KEY_PREFIX, &index.to_le_bytes()].concat()
}

/// The secret of all workers. The first worker that needs it draws it.
pub(super) fn seed(env: &Env<'_>) -> Result<[u8; 16], SharedDataError> {
    env.shared_data.update(&key(SEED_INDEX), |value| match <[u8; 16]>::try_from(value.as_slice()) {
        Ok(seed) => (Change::Keep, seed),
        Err(_) => {
            let seed = env.random.bytes();
            *value = seed.to_vec();
            (Change::Write, seed)
        }
    })
}
