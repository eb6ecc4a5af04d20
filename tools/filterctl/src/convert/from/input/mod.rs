//! Parts of inputs.
//!
//! - `fields`: the members of an object;
//! - `kubernetes`: Kubernetes objects;
//! - `http_route`, `route_filters`: rules of the Gateway API;
//! - `servers`: the host names and protocols of a Gateway;
//! - `urls`: upstream services;
//! - `secrets`: secrets, whose values do not reach the output.

pub mod fields;
pub mod http_route;
pub mod kubernetes;
pub mod route_filters;
pub mod secrets;
pub mod servers;
pub mod urls;
