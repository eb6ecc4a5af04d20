//! An emulated proxy-wasm host, in two kinds: one that is lenient in the way Envoy is, and one that
//! does what ngx_wasm_module does in Kong's nginx, in the points in which a filter can go wrong.
//! Real Kong is in no package registry; what is emulated was seen in Kong 3.9.3 or read in its
//! sources, and every point has a test that shows it to bite (`tests/tests/emulated_nginx`).
//!
//! One file a concern:
//!
//! - `proxy`: what all workers share, and how it is set up;
//! - `worker`: one worker: its instances, their root contexts, its timers and its calls;
//! - `run`, `exchange`: a request on its way through the filters and back;
//! - `guest`: what a filter is called for; filters in Rust, for raw calls;
//! - `wasm`, `imports`, `memory`, `wasi`: filters as WebAssembly, compiled once per process;
//! - `abi`: names and numbers;
//! - `calls`, `headers`: the calls of the host, as raw as they are;
//! - `lines`: header lists with nginx's way of forgetting;
//! - `properties`, `shared_data`, `metrics`, `target`: what the names say.

mod abi;
mod calls;
mod exchange;
mod guest;
mod headers;
mod imports;
mod lines;
mod memory;
mod metrics;
mod properties;
mod proxy;
mod run;
mod shared_data;
mod target;
mod wasi;
mod wasm;
mod worker;

pub use abi::{Called, Map, Trap, status};
pub use calls::Host;
pub use exchange::{Answer, Phase};
pub use guest::{Action, Guest};
pub use metrics::Kind as MetricKind;
pub use proxy::{CallReply, Dispatched, Filter, Kind, Plugin, Proxy};
pub use run::UpstreamReply;
pub use shared_data::crc32;
pub use wasm::{Work, imports_of};
pub use worker::{Load, Worker};
