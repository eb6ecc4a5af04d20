//! What differs where the host is ngx_wasm_module in nginx, as in Kong 3.4 to 3.9.
//!
//! The policies know nothing of it. Each difference is in one place:
//!
//! - a configuration that is refused, or a trap, while the host configures a filter leaves the
//!   route without the filter: the root accepts it, says why, and every request gets 500;
//! - a request header that is removed still goes upstream, and of a repeated one only the first
//!   line changes: `mutations` empties instead, and refuses what occurs twice;
//! - an empty header stands for one that was taken away, so it reads as absent: `head`;
//! - `:path` is decoded and `:authority` is the proxy's own: `head` shows what the client sent;
//! - `:path` cannot be written: `target` rewrites the upstream's URI, in its query only;
//! - the header map is cut at 100 lines, and written past the end of its buffer: `head` counts
//!   before it reads;
//! - what tells of a local reply in Envoy's log is the reason phrase here, and gRPC clients are
//!   answered with ordinary headers: `grpc`, and `local_reply` beside this module;
//! - of a repeated response header, setting one value leaves none: `response`;
//! - timers multiply, stop at a second period, and outlive their configuration: `ticking`;
//! - shared data needs a zone, and its absence traps: `zone`;
//! - random bytes are those of the C library: `seed`.
//!
//! No request waits here, since only its own call could resume it; no call is made in the response
//! phase, no foreign function is called, and a reply is sent once.

#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod grpc;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod head;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod mutations;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod target;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod ticking;

#[cfg(target_arch = "wasm32")]
mod detect;
#[cfg(target_arch = "wasm32")]
pub(crate) mod request;
#[cfg(target_arch = "wasm32")]
pub(crate) mod response;
#[cfg(target_arch = "wasm32")]
pub(crate) mod seed;
#[cfg(target_arch = "wasm32")]
pub(crate) mod zone;

#[cfg(target_arch = "wasm32")]
pub(crate) use detect::{detect, is_host};
