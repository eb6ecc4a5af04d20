//! How ngx_wasm_module behaves in Kong's nginx, as the emulated host reproduces it. For each quirk,
//! one test shows that it breaks a naive filter and another that the filters handle it. Row numbers
//! refer to the table in tests/emulated-host/README.md.

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
