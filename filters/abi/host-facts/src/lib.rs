//! Facts about each proxy that a filter learns while it is built.
//!
//! The adapters and the offline tools share them, so that a tool gives the same verdict on a
//! configuration as the module in the proxy.

pub mod envoy;
pub mod envoy_module;
pub mod kong;
pub mod traefik;
