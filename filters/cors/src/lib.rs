//! The cors filter: the server's side of the CORS protocol (Fetch standard, "CORS protocol").
//!
//! The rules, in order:
//!
//! 1. When `origins` is `*` and the Origin need not be echoed, every answer says
//!    `Access-Control-Allow-Origin: *`, whatever the request: one answer for all, so that caches
//!    need no `Vary` and cannot mix up two kinds of answers.
//! 2. Otherwise an origin is allowed when the request has exactly one `Origin` line, that line is a
//!    serialised origin (RFC 6454 section 6.2), and an entry of `origins` matches it.
//! 3. A preflight request is answered here, 204 and without a body. To an allowed origin it names
//!    the methods, headers and lifetime; to others it says nothing but `Vary`.
//! 4. Every other request, `OPTIONS` among them, goes on. Whether it may is not for CORS to say:
//!    CORS protects the user of a browser, not the upstream.
//! 5. On the response the upstream's own CORS headers are replaced by what rules 1 and 2 say, and
//!    `Vary` comes to name `Origin` where rule 2 was used, also when there was no `Origin`.
//!
//! The filter stands first in the chain, so rule 5 also covers what later filters answer: a page
//! can read the 401 or 429 it got.

mod config;
mod fields;
mod origin;
mod policy;
mod preflight;
#[cfg(test)]
mod tests;
mod vary;

pub use policy::{AllowOrigin, Cors};
