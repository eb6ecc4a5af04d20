//! The encodings of hosts.

pub(crate) mod configuration;
pub(crate) mod header_map;
mod protobuf;
pub(crate) mod verify_signature;
