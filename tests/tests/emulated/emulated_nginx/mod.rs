//! What ngx_wasm_module does in Kong's nginx, as the emulated host does it: each point with a test
//! that it bites, and one that the filters cope.

mod calls;
mod configuration;
mod forgery;
mod headers;
mod invalid;
mod metrics;
mod naive;
mod properties;
mod redis;
mod replies;
mod shared_data;
mod target;
mod timers;
