//! Counts that several proxies share, in Redis.
//!
//! 1. Each request makes one call. A script in Redis (`count.lua`) counts it in all windows of its
//!    client or in none, by the clock of Redis. The call uses an HTTP front end for Redis with
//!    Upstash's REST API, because all hosts can make HTTP calls.
//! 2. The response must echo a random nonce. Otherwise it belongs to another request.
//! 3. A client whose window is full is rejected without a call until the window ends. With leases,
//!    most requests need no call (`lease_cache`).
//! 4. After several failures in a row, calls stop for a while. Then one request probes (`breaker`).
//! 5. Without a response, `on_error` decides: count in this proxy, let the request pass, or reject
//!    it.

mod breaker;
mod command;
mod counter;
mod key;
mod lease_cache;
mod response;
mod upstream;

pub(crate) use self::{
    command::Script,
    counter::{OnFailure, RedisCounter, RedisLimits, RedisState},
    key::KeySecret,
    upstream::Upstream,
};
