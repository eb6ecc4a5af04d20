//! Facts about each proxy that a filter learns while it is built, and the form of responses for gRPC
//! clients.
//!
//! The adapters and the offline tools share them, so that a tool gives the same verdict on a
//! configuration, and the same response to a request, as the module in the proxy.

pub mod envoy;
pub mod grpc;
pub mod kong;
pub mod traefik;
