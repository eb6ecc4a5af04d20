//! Runs Novasphere policies on Traefik 3, by the HTTP handler ABI of http-wasm.
//!
//! The host keeps a pool of instances of a module, each of which sees one request at a time, and
//! each of which configures itself when it starts. Instances share nothing; an instance is taken
//! for a request until its response has ended. So a policy may remember, but not count.
//!
//! A trap costs more here than elsewhere: the client sees the stack, and the instance goes back to
//! the pool as the trap left it. Nothing here panics, every loop is bounded, and what a host call
//! would trap on is checked before. One file a concern:
//!
//! - `module`: one instance: its configuration, and one request;
//! - `configuration`: the forms in which the host hands over a configuration;
//! - `head`: the head of a request, read;
//! - `list`: lists of texts as the host writes them;
//! - `target`: request targets that the host can parse;
//! - `outcome`: carries out what the policy decided;
//! - `ports`: what a policy may ask of the host;
//! - `hostcalls`: the host's functions.

#[cfg(any(target_arch = "wasm32", test))]
mod configuration;
#[cfg(any(target_arch = "wasm32", test))]
mod list;
#[cfg(any(target_arch = "wasm32", test))]
mod target;

#[cfg(target_arch = "wasm32")]
mod head;
#[cfg(target_arch = "wasm32")]
mod hostcalls;
#[cfg(target_arch = "wasm32")]
mod module;
#[cfg(target_arch = "wasm32")]
mod outcome;
#[cfg(target_arch = "wasm32")]
mod ports;

#[cfg(target_arch = "wasm32")]
pub use module::Module;

/// Makes a crate the http-wasm module of a policy: `novasphere_http_wasm::filter!(novasphere_jwt_auth::JwtAuth);`
#[macro_export]
macro_rules! filter {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code)] // the names are the ABI's; no other crate exports them
        mod module {
            unsafe extern "C" {
                safe fn __wasm_call_ctors();
            }

            thread_local! {
                static MODULE: $crate::Module<$policy> = const { $crate::Module::new() };
            }

            /// What the host calls first: the constructors of the C library, then the filter's.
            #[unsafe(no_mangle)]
            pub extern "C" fn _initialize() {
                __wasm_call_ctors();
                MODULE.with($crate::Module::initialize);
            }

            /// What the host calls for each request.
            #[unsafe(no_mangle)]
            pub extern "C" fn handle_request() -> u64 {
                MODULE.with($crate::Module::handle_request)
            }

            /// What the host calls when a response has ended, with its head long sent.
            #[unsafe(no_mangle)]
            pub extern "C" fn handle_response(_: u32, _: u32) {}
        }
    };
}
