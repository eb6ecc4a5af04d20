//! Runs Novasphere filters on Traefik 3, through the HTTP handler ABI of http-wasm.
//!
//! The host keeps a pool of instances of a module. Each instance configures itself when it starts,
//! and handles one request at a time until the response has ended. Instances share nothing. A filter
//! may therefore keep caches, but it cannot count requests.
//!
//! An instance whose configuration is invalid responds to every request with 500. A module that exits
//! would make the host leave out the route, and a broader route could serve its paths.
//!
//! A trap is worse on this host than on others: the client sees the stack trace, and the instance
//! returns to the pool in its broken state. This crate does not panic, bounds every loop, and checks
//! arguments before host calls that would trap.
//!
//! In reading order:
//!
//! - `module`: one instance: its configuration and its requests;
//! - `configuration`: the formats in which the host passes a configuration;
//! - `head`, `list`: reading the head of a request;
//! - `decision`, `target`, `body`: applying the filter's decision;
//! - `capabilities`: the capabilities that the host offers to a filter;
//! - `hostcalls`: the host's functions.

#[cfg(any(target_arch = "wasm32", test))]
mod body;
#[cfg(any(target_arch = "wasm32", test))]
mod configuration;
#[cfg(any(target_arch = "wasm32", test))]
mod list;
#[cfg(any(target_arch = "wasm32", test))]
mod target;

#[cfg(target_arch = "wasm32")]
mod capabilities;
#[cfg(target_arch = "wasm32")]
mod decision;
#[cfg(target_arch = "wasm32")]
mod head;
#[cfg(target_arch = "wasm32")]
mod hostcalls;
#[cfg(target_arch = "wasm32")]
mod module;

#[cfg(target_arch = "wasm32")]
pub use module::Module;

/// Exports a filter as the http-wasm module of the crate:
/// `novasphere_http_wasm::filter!(novasphere_jwt_auth::JwtAuth);`
#[macro_export]
macro_rules! filter {
    ($filter:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code)] // The ABI gives these names. No other crate exports them.
        mod module {
            unsafe extern "C" {
                safe fn __wasm_call_ctors();
            }

            thread_local! {
                static MODULE: $crate::Module<$filter> = const { $crate::Module::new() };
            }

            /// The host calls this first. Runs the constructors of the C library, then configures the
            /// filter.
            #[unsafe(no_mangle)]
            pub extern "C" fn _initialize() {
                __wasm_call_ctors();
                MODULE.with($crate::Module::initialize);
            }

            /// The host calls this for each request.
            #[unsafe(no_mangle)]
            pub extern "C" fn handle_request() -> u64 {
                MODULE.with($crate::Module::handle_request)
            }

            /// The host calls this when a response has ended, after it sent the head.
            #[unsafe(no_mangle)]
            pub extern "C" fn handle_response(_: u32, _: u32) {}
        }
    };
}
