//! The cors filter: the server's side of the CORS protocol (Fetch standard, "CORS protocol").
//!
//! The rules, in order:
//!
//! 1. When `origins` is `*` and nothing else, every answer says `Access-Control-Allow-Origin: *`,
//!    whatever the request: one answer for all, so that caches need no `Vary` and cannot mix up two
//!    kinds of answers.
//! 2. Otherwise an origin is allowed when the request has exactly one `Origin` line, that line is a
//!    serialised origin (RFC 6454 section 6.2) or `null`, and an entry of `origins` matches it. The
//!    first of `policies` with such an entry decides, the fields beside them come last.
//! 3. A preflight request is answered here, without a body. To an allowed origin it names the
//!    methods, headers and lifetime; to others it says nothing but `Vary`. With `preflight_continue`
//!    the upstream answers it, and its answer is restricted to what rule 2 says.
//! 4. With `block_disallowed` a request from an origin that is neither allowed nor the same as the
//!    request's own is refused, if it could change something or asks for a WebSocket.
//! 5. Every other request, `OPTIONS` among them, goes on. Whether it may is not for CORS to say:
//!    CORS protects the user of a browser, not the upstream.
//! 6. On the response the upstream's own CORS headers are replaced by what rules 1 and 2 say, and
//!    `Vary` comes to name `Origin` where rule 2 was used, also when there was no `Origin`.
//!
//! The filter stands first in the chain, so rule 6 also covers what later filters answer: a page
//! can read the 401 or 429 it got.

mod config;
mod cross_site;
mod fields;
mod filter;
mod group;
mod names;
mod origin;
mod origin_rule;
mod preflight;
mod response;
#[cfg(test)]
mod tests;
mod vary;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use filter::{Carried, Cors};
pub use response::observes;
