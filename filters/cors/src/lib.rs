//! The cors filter: the server side of the CORS protocol (Fetch standard, "CORS protocol").
//!
//! The rules, in order:
//!
//! 1. If `origins` is `*` and nothing else applies, every response says
//!    `Access-Control-Allow-Origin: *`, whatever the request. Caches then need no `Vary` and cannot
//!    mix up two variants.
//! 2. Otherwise, an origin is allowed if the request has exactly one `Origin` line, its value is a
//!    serialised origin (RFC 6454 section 6.2) or `null`, and an entry of `origins` matches it. The
//!    first matching entry of `policies` decides. The fields beside `policies` come last.
//! 3. The filter responds to preflight requests itself, without a body. An allowed origin gets the
//!    methods, headers and lifetime; any other origin gets `Vary` only. With `preflight_continue`
//!    the upstream responds, and the filter restricts its response to the result of rule 2.
//! 4. With `block_disallowed`, a request is rejected if its origin is neither allowed nor the
//!    request's own, and it has an unsafe method or opens a WebSocket.
//! 5. Every other request continues, including other `OPTIONS` requests. CORS protects the users of
//!    browsers, not the upstream.
//! 6. On the response, the result of rules 1 and 2 replaces the upstream's CORS headers. If rule 2
//!    decided, `Vary` names `Origin`, even if the request has none.
//!
//! The filter is first in the chain, so rule 6 also covers the local responses of later filters: a
//! page can read its 401 or 429.
//!
//! In reading order:
//!
//! - `config`: the configuration as users write it;
//! - `build`: from the configuration to the filter, with faults and warnings;
//! - `filter`: the filter; `decision`: the reasons of its decisions;
//! - `origin`: origins, and the entries of `origins`;
//! - `policy`: the settings for a group of origins;
//! - `preflight`, `block`: the local responses;
//! - `response`, `vary`: the headers of an upstream's response;
//! - `header_names`: the headers of the protocol.

mod block;
mod build;
mod config;
mod decision;
mod field_hints;
mod filter;
mod header_names;
mod origin;
mod policy;
mod preflight;
mod response;
#[cfg(test)]
mod tests;
mod vary;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use field_hints::FIELD_HINTS;
pub use filter::{Cors, CorsCarry};
pub use response::observes;
