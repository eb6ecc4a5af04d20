//! Runs Novasphere filters as native modules of Envoy ("dynamic modules", Envoy 1.37 to 1.40).
//!
//! A module is a shared object in Envoy's own process. A crash of it is a crash of Envoy, so:
//!
//! 1. All `unsafe` code of the filters is in this crate, in `host`, `exports` and `module`. Each block
//!    states why it is sound.
//! 2. No panic crosses the boundary. A panic is logged and counted, and its request gets 500.
//! 3. Envoy never gets a null pointer for a stream, because older versions use it.
//! 4. Header lines are borrowed from Envoy. The borrow checker rejects a change of a head while its
//!    lines are in use.
//!
//! Envoy's main thread creates a configuration, and all workers use it. The state of a filter belongs
//! to one worker. Only the counts, the fetched keys and the queue of waiting requests are shared.
//!
//! In reading order:
//!
//! - `exports`: the hooks, as Envoy calls them;
//! - `module`: the hooks of one filter, and the objects behind Envoy's pointers;
//! - `config`: a configuration, with its metrics, its timer and its fetches;
//! - `worker`: the state of a filter on one worker, and its view of the host;
//! - `tasks`: the work of a filter apart from requests;
//! - `request`: a request and its response;
//! - `shared_values`: the values that all workers share;
//! - `host`: Envoy's callbacks.

mod config;
mod exports;
mod host;
mod module;
mod request;
mod shared_values;
mod tasks;
mod worker;

pub use module::start;

/// Makes a crate the native module of a filter:
/// `novasphere_envoy_module::filter!(novasphere_gateway::Gateway);`
#[macro_export]
macro_rules! filter {
    ($filter:ty) => {
        /// Envoy's first call. Returns the version of the interface, as a C string.
        #[allow(unsafe_code)] // the name is the ABI's, and only this crate exports it
        #[unsafe(no_mangle)]
        pub extern "C" fn envoy_dynamic_module_on_program_init() -> *const ::std::ffi::c_char {
            $crate::start::<$filter>()
        }
    };
}
