//! Shared parts of the test binaries: cases as data, key servers, Redis, faults, and the shipped configurations.

pub mod cases;
pub mod converted;
pub mod faults;
pub mod key_server;
pub mod kong_ingress;
pub mod manifests;
pub mod redis;
pub mod shipped;
pub mod starting_points;
pub mod streams;
pub mod test_key;
pub mod validator;
