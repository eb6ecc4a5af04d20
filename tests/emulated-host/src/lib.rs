//! Emulated proxy-wasm hosts: [`Kind::Envoy`] is lenient like Envoy, and [`Kind::Nginx`] behaves like
//! ngx_wasm_module in Kong 3.9.3 wherever a filter can go wrong. README.md lists every emulated quirk
//! with its source.
//!
//! In reading order:
//!
//! - `proxy`: the settings of a proxy, and the state that its workers share;
//! - `worker`: instances, root contexts, timers and callouts of one worker;
//! - `inspect`: its state that tests read;
//! - `run`, `exchange`: a request through the filters, and its response back;
//! - `guest`: the callbacks of a filter;
//! - `wasm`: filters as WebAssembly;
//! - `abi`: names and numbers of the ABI;
//! - `calls`: the host calls, on headers, properties, shared data and metrics;
//! - `prometheus`: Kong's metrics page;
//! - `lines`, `target`: header lists, and request targets as nginx parses them.

mod abi;
mod calls;
mod exchange;
mod guest;
mod inspect;
mod lines;
mod prometheus;
mod proxy;
mod run;
mod target;
mod wasm;
mod worker;

pub use abi::{Called, Map, Trap, status};
pub use calls::{Host, metrics::Kind as MetricKind, shared_data::crc32};
pub use exchange::{Outcome, Phase};
pub use guest::{Action, Guest};
pub use prometheus::LabelPatterns;
pub use proxy::{Callout, CalloutResponse, Filter, Kind, Plugin, Proxy};
pub use run::UpstreamResponse;
pub use wasm::{Work, imports_of};
pub use worker::{Load, Worker};
