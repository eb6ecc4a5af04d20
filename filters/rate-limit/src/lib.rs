//! The rate-limit filter: fixed windows, counted exactly over all workers of one proxy.
//!
//! For each request, in this order:
//!
//! 1. Who is it? `limit_by` names the identity; one that cannot be resolved falls back to the
//!    client's address. A request that `limit_by: path` does not speak of passes, uncounted.
//! 2. All windows of that client are looked up in one entry of the shared table and, when
//!    every one of them has room, counted up in one compare-and-swap. A lost race repeats the whole
//!    decision on the new counts, so no burst overshoots. A refused request is not counted.
//! 3. A request over a limit is answered `error_code` with `Retry-After`; one within gets the
//!    `X-RateLimit-*` and `RateLimit-*` headers on its response.
//! 4. When the shared data fails, `fault_tolerant` decides: pass uncounted, or answer 500.
//!
//! Counts that several proxies share are in `counter::redis`.

mod client;
mod config;
mod counter;
mod decision;
mod filter;
mod headers;
mod limiter;
mod local_response;
mod metrics;
mod rules;
#[cfg(test)]
pub(crate) mod tests;
mod window;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use filter::RateLimit;
