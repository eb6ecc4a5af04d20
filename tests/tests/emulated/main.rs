//! The built modules (`make wasm`) in emulated hosts.

mod batched_metrics;
mod emulated_cases;
mod emulated_nginx;
mod replaced_configuration;
