//! The built modules (`make wasm`) in emulated hosts.

mod emulated_cases;
mod emulated_nginx;
