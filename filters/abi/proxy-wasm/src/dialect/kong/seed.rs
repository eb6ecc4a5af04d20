//! Random bytes that clients cannot guess. The host's `random_get` is the C library's `random()`,
//! seeded with the worker's process ID and its start time.
//!
//! So we mix in more values: `request_id` of the first request, 16 random bytes from OpenSSL, which
//! the client and the upstream of that request may see; Kong's node ID, a random UUID that clients
//! do not see; the process ID; and the time in nanoseconds. Except for the time, they are
//! properties, which can be read only in a request: nginx logs an error for each read at another
//! time. An operator who needs a secret that depends on none of these sets `NOVASPHERE_SEED`.

use std::{
    cell::OnceCell,
    hash::{BuildHasher, RandomState},
};

use crate::hostcalls;

/// An environment variable with any text, passed on like other secrets.
const VARIABLE: &str = "NOVASPHERE_SEED";

const PROPERTIES: [&[u8]; 3] = [b"ngx\0request_id", b"kong\0node\0id", b"ngx\0pid"];

/// The values to mix into random bytes. Empty until the first request.
#[derive(Default)]
pub(super) struct Seed(OnceCell<Vec<u8>>);

impl Seed {
    /// Collects the values once. Call it in a request.
    pub(super) fn collect(&self) {
        if self.0.get().is_some() {
            return;
        }
        let values = PROPERTIES.map(|path| hostcalls::property(path).unwrap_or_default());
        if values.iter().any(|value| !value.is_empty()) {
            let _ = self.0.set(values.join(&0));
        }
    }

    pub(super) fn random_bytes(&self) -> [u8; 16] {
        let pool = (hostcalls::now(), std::env::var(VARIABLE).ok(), self.0.get());
        let half = |n: u8| u128::from(RandomState::new().hash_one((n, &pool)));
        (half(0) | (half(1) << 64)).to_le_bytes()
    }
}
