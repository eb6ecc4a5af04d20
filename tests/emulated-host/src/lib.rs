//! Emulated proxy-wasm hosts: [`Kind::Envoy`] is lenient like Envoy, and [`Kind::Nginx`] behaves like
//! ngx_wasm_module in Kong 3.9.3 wherever a filter can go wrong. README.md lists every emulated quirk
//! with its source.
//!
//! In reading order:
//!
//! - `proxy`: the settings of a proxy, and the state that its workers share;
//! - `worker`: instances, root contexts, timers and callouts of one worker;
//! - `run`, `exchange`: a request through the filters, and its response back;
//! - `guest`: the callbacks of a filter;
//! - `wasm`, `imports`, `memory`, `wasi`: filters as WebAssembly;
//! - `abi`: names and numbers;
//! - `calls`, `headers`, `lines`: host calls and header lists;
//! - `properties`, `shared_data`, `metrics`, `target`: the subjects of these names.

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
pub use exchange::{Outcome, Phase};
pub use guest::{Action, Guest};
pub use metrics::Kind as MetricKind;
pub use proxy::{Callout, CalloutResponse, Filter, Kind, Plugin, Proxy};
pub use run::UpstreamResponse;
pub use shared_data::crc32;
pub use wasm::{Work, imports_of};
pub use worker::{Load, Worker};
