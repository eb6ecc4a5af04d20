//! Forms of messages that the adapters of several hosts share. Names no host.
//!
//! - [`grpc`]: local responses for gRPC and gRPC-Web clients;
//! - [`mutations`]: header mutations as calls that affect all lines of a name.

pub mod grpc;
pub mod mutations;
