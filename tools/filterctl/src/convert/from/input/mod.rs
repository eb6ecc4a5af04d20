//! Parts of inputs.
//!
//! - `fields`: the members of an object;
//! - `kubernetes`, `http_route`: Kubernetes objects, and rules of the Gateway API;
//! - `urls`: upstream services;
//! - `secrets`: secrets, whose values do not reach the output.

pub mod fields;
pub mod http_route;
pub mod kubernetes;
pub mod secrets;
pub mod urls;
