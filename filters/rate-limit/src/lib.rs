//! The rate-limit filter: fixed windows, counted exactly across all workers of a proxy.
//!
//! For each request, in this order:
//!
//! 1. A client on the `deny` list is rejected with 403. A client on the `allow` list passes.
//! 2. The first matching rule selects the limits and the cost. Without a match, the limits of the
//!    filter apply. A path that servers could match to different rules is rejected with 400.
//! 3. `limit_by` names the identity of the client. If a part of it is missing, `on_unresolved`
//!    decides; by default the client address replaces it. With `limit_by: path`, requests to other
//!    paths are not limited.
//! 4. The request counts in all windows of its client, or in none if its cost does not fit into
//!    one of them. One compare-and-swap checks and counts. A worker that loses a race decides
//!    again on the new counts, so bursts never exceed a limit. Under high limits, a worker takes
//!    the quota for the next requests in advance (`counter::lease`).
//! 5. A request over a limit is rejected with `error_code` and `Retry-After`. Otherwise the
//!    response gets `X-RateLimit-*` and `RateLimit-*` headers.
//! 6. If the proxy's shared data fails, `fault_tolerant` decides: the request passes uncounted, or is
//!    rejected with 500. If Redis fails, `on_error` decides.
//!
//! In reading order:
//!
//! - `config`: the configuration as users write it;
//! - `build`: from a configuration to a filter;
//! - `filter`: the filter, and how it applies to a request;
//! - `decision`, `metrics`, `local_response`: its reasons, events, metrics and responses;
//! - `outcome`, `refusal`: the outcome of a count, and the refusal of a request over a limit;
//! - `window`: windows and limits on them;
//! - `limiter`, `repetition`: a set of limits, and the requests that count together; a limiter that
//!   counts twice;
//! - `rules`: which limits apply to which requests;
//! - `client`: the address and the identity of a client;
//! - `counter`: counting in this proxy, with leases, or in Redis;
//! - `headers`: the rate-limit headers of responses;
//! - `notes`: notes for tools that explain a decision.

mod build;
mod client;
mod config;
mod counter;
mod decision;
mod field_hints;
mod filter;
mod header_interest;
mod headers;
mod limiter;
mod local_response;
mod metrics;
mod notes;
mod outcome;
mod refusal;
mod repetition;
mod rules;
#[cfg(test)]
mod tests;
mod window;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use field_hints::FIELD_HINTS;
pub use filter::RateLimit;
