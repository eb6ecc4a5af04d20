//! The keys of the store.

use novasphere_core::{Change, Env, SharedDataError};

/// Fixed, so that the keys of the store are a bounded set; then 4 bytes of index: a table of n slots,
/// a power of two, has the indices n to 2n - 1, so that tables of different sizes keep apart. The
/// number is that of the slots' layout.
const KEY_PREFIX: &[u8] = b"novasphere.rate-limit.2.";
/// Where the workers share the secret that keys their fingerprints: no slot has this index.
const SEED_INDEX: u32 = u32::MAX;

/// The slots of a table: so many, a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots(u32);

impl Slots {
    /// For so many clients: at 2.4 clients a slot on average at most, fewer than 0.1% of the slots
    /// have more clients than places (Poisson).
    pub(crate) fn hold(max_clients: u32) -> Self {
        let slots = (u64::from(max_clients) * 5).div_ceil(12).next_power_of_two();
        Self(slots.try_into().unwrap_or(1))
    }

    /// How many there are.
    pub(crate) fn count(self) -> u32 {
        self.0
    }

    /// The index of the slot for a number.
    pub(crate) fn at(self, number: u32) -> u32 {
        self.0 | (number & (self.0 - 1))
    }
}

/// The key of an index.
pub(crate) fn key(index: u32) -> Vec<u8> {
    [KEY_PREFIX, &index.to_le_bytes()].concat()
}

/// The secret, drawn by the first worker that asks.
pub(crate) fn seed(env: &Env<'_>) -> Result<[u8; 16], SharedDataError> {
    env.shared_data.update(&key(SEED_INDEX), |value| match <[u8; 16]>::try_from(value.as_slice()) {
        Ok(seed) => (Change::Keep, seed),
        Err(_) => {
            let seed = env.random.bytes();
            *value = seed.to_vec();
            (Change::Write, seed)
        }
    })
}
