//! Random bytes that clients cannot guess. The host's `random_get` is the C library's `random()`,
//! seeded with the worker's process ID and its start time.
//!
//! In a request, more values are mixed in: `request_id`, 16 random bytes from OpenSSL, which the
//! client and the upstream of that request may see; Kong's node ID, a random UUID that clients do
//! not see; the process ID, and the time in nanoseconds. Outside of a request none of the
//! properties can be read, and the bytes are merely different each time. An operator who needs a
//! secret that depends on none of these sets `NOVASPHERE_SEED`.

use std::hash::{BuildHasher, RandomState};

use crate::hostcalls;

/// An environment variable with any text, passed on like other secrets.
const VARIABLE: &str = "NOVASPHERE_SEED";

const PROPERTIES: [&[u8]; 3] = [b"ngx\0request_id", b"kong\0node\0id", b"ngx\0pid"];

pub(crate) fn bytes() -> [u8; 16] {
    let mut pool = hostcalls::now().to_le_bytes().to_vec();
    pool.extend(std::env::var(VARIABLE).unwrap_or_default().into_bytes());
    for path in PROPERTIES {
        pool.extend(hostcalls::property(path).unwrap_or_default());
        pool.push(0);
    }
    let half = |n: u8| u128::from(RandomState::new().hash_one((n, &pool)));
    (half(0) | (half(1) << 64)).to_le_bytes()
}
