//! Bytes that clients cannot guess, where `random_get` is the C library's `random()`, whose seed is
//! made of the worker's process id and the time of its start.
//!
//! What is mixed in besides, in a request: `request_id`, 16 random bytes of OpenSSL (but the client
//! and the upstream of that request may be shown it); Kong's node id, a random UUID that clients
//! are not shown; the process id, and the time to the nanosecond. Outside of a request none of these
//! can be read, and the bytes are only different each time. An operator who wants a secret that
//! hangs on nothing of this sets `NOVASPHERE_SEED`.

use std::hash::{BuildHasher, RandomState};

use crate::hostcalls;

/// A variable of the environment with any text; listed like other secrets.
const VARIABLE: &str = "NOVASPHERE_SEED";

const PROPERTIES: [&[u8]; 3] = [b"ngx\0request_id", b"kong\0node\0id", b"ngx\0pid"];

pub(crate) fn bytes() -> [u8; 16] {
    let mut pool = hostcalls::now().to_le_bytes().to_vec();
    pool.extend(std::env::var(VARIABLE).unwrap_or_default().into_bytes());
    for path in PROPERTIES {
        pool.extend(hostcalls::property(path).unwrap_or_default());
        pool.push(0);
    }
    let half = |n: u8| RandomState::new().hash_one((n, &pool)).to_le_bytes();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(half(0).into_iter().chain(half(1))).for_each(|(b, r)| *b = r);
    bytes
}
