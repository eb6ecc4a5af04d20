//! Runs Novasphere filters on proxy-wasm hosts, ABI 0.2.1.
//!
//! This is the only crate that names proxy-wasm. It declares callbacks and host calls itself,
//! because the Rust SDK panics on unexpected values, and a panic crashes the whole VM.
//!
//! In reading order:
//!
//! - `exports`: the callbacks, as hosts call them;
//! - `contexts`: the contexts of one VM. `contexts::root` is a configured filter, `contexts::http`
//!   a request and its response, `contexts::tasks` the timer and the fetches of a root context;
//! - `state`: the state of a request;
//! - `fault`: why a decision could not be carried out;
//! - `pending`: paused requests;
//! - `calls`, `fetches`: callouts of requests, and fetches apart from them;
//! - `local_response`: responses made by a filter;
//! - `proxy`: the host as a filter sees it;
//! - `dialect`: the differences between hosts. `dialect::envoy` and `dialect::kong`;
//! - `hostcalls`: the host calls;
//! - `codec`: header maps, protobuf messages, configurations;
//! - `logger`, `metrics`, `id_map`, `allocator`.

#[cfg(any(target_arch = "wasm32", test))]
mod allocator;
mod calls;
mod codec;
mod contexts;
mod dialect;
mod exports;
mod fault;
mod fetches;
mod hostcalls;
mod id_map;
mod load_record;
mod local_response;
mod logger;
mod metrics;
mod pending;
mod proxy;
mod state;

pub use contexts::start;

/// The codec of header maps, for fuzzing.
#[cfg(feature = "inspect")]
pub mod inspect {
    pub use crate::codec::header_map::{lines, serialise};
}

/// Makes a crate the proxy-wasm module of a filter:
/// `novasphere_proxy_wasm::filter!(novasphere_cors::Cors);`
#[macro_export]
macro_rules! filter {
    ($filter:ty) => {
        #[cfg(target_arch = "wasm32")]
        mod module {
            unsafe extern "C" {
                safe fn __wasm_call_ctors();
            }

            /// The host's first call. Runs the constructors of the C library, then starts the
            /// filter.
            #[allow(unsafe_code)] // the name is the ABI's, and only this crate exports it
            #[unsafe(no_mangle)]
            pub extern "C" fn _initialize() {
                __wasm_call_ctors();
                $crate::start::<$filter>();
            }
        }
    };
}
