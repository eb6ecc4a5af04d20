//! Runs Novasphere policies on proxy-wasm hosts, ABI 0.2.1.
//!
//! The only crate that names proxy-wasm. Callbacks and host calls are declared here and nowhere
//! else, because the Rust SDK's panic on what they do not expect, and a panic takes down the whole
//! virtual machine. One file a concern:
//!
//! - `exports`: the callbacks, as hosts find them;
//! - `hostcalls`: the calls of the host;
//! - `module`: what each callback is about: root contexts, streams, calls that ended;
//! - `table`: what is known of each stream, by its number;
//! - `root`: one configuration: checks it, keeps the policy, its state and its counters;
//! - `fetches`: its timer and its fetches;
//! - `stream`: one request and its response;
//! - `calls`: calls that requests wait for;
//! - `request`: one decision about a request: reads the head, carries out what the policy decided;
//! - `mutations`: the calls that mutations take;
//! - `local_reply`: answers made here;
//! - `held`: requests that wait;
//! - `nginx`: what differs where the host is ngx_wasm_module in nginx, as in Kong;
//! - `ports`: what a policy may ask of the host;
//! - `configuration`: the forms in which hosts hand over a configuration;
//! - `lines`: the header lines that a policy reads;
//! - `header_map`: the host's serialised form of them;
//! - `verify_signature`: the messages of Envoy's function of that name;
//! - `protobuf`: the fields of protobuf messages;
//! - `metrics`: counters;
//! - `log`: the way to the proxy's log;
//! - `allocator`: memory.

#[cfg(any(target_arch = "wasm32", test))]
mod allocator;
#[cfg(any(target_arch = "wasm32", test))]
mod configuration;
#[cfg(any(target_arch = "wasm32", test))]
mod header_map;
#[cfg(any(target_arch = "wasm32", test))]
mod mutations;
#[cfg(any(target_arch = "wasm32", test))]
mod nginx;
#[cfg(any(target_arch = "wasm32", test))]
mod protobuf;
#[cfg(any(target_arch = "wasm32", test))]
mod table;
#[cfg(any(target_arch = "wasm32", test))]
mod verify_signature;

#[cfg(target_arch = "wasm32")]
mod calls;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod fetches;
#[cfg(target_arch = "wasm32")]
mod held;
#[cfg(target_arch = "wasm32")]
mod hostcalls;
#[cfg(target_arch = "wasm32")]
mod lines;
#[cfg(target_arch = "wasm32")]
mod local_reply;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod metrics;
#[cfg(target_arch = "wasm32")]
mod module;
#[cfg(target_arch = "wasm32")]
mod ports;
#[cfg(target_arch = "wasm32")]
mod request;
#[cfg(target_arch = "wasm32")]
mod root;
#[cfg(target_arch = "wasm32")]
mod stream;

#[cfg(target_arch = "wasm32")]
pub use module::start;

/// Makes a crate the proxy-wasm module of a policy: `novasphere_proxy_wasm::filter!(novasphere_cors::Cors);`
#[macro_export]
macro_rules! filter {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        mod module {
            unsafe extern "C" {
                safe fn __wasm_call_ctors();
            }

            /// What the host calls first: the constructors of the C library, then the filter's.
            #[allow(unsafe_code)] // the name is the ABI's; no other crate exports it
            #[unsafe(no_mangle)]
            pub extern "C" fn _initialize() {
                __wasm_call_ctors();
                $crate::start::<$policy>();
            }
        }
    };
}
