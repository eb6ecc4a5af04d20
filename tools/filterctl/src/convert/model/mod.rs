//! The configuration between the formats: services, routes, and a chain of filters for each route.
//!
//! - `gateway`: services and routes;
//! - `path`: conditions about the path;
//! - `chain`: the filters of a route;
//! - `addresses`: the client addresses that may pass;
//! - `hosts`: routes by host name, in the order in which they are tried;
//! - `verdict`: the filters' own validation.

mod addresses;
mod chain;
mod gateway;
mod hosts;
mod path;
mod verdict;

pub use self::{
    addresses::Addresses,
    chain::{Bucket, Chain},
    gateway::{Endpoint, Gateway, Route, Scheme, Service},
    hosts::{in_order, virtual_hosts},
    path::PathMatch,
    verdict::{fault, prune},
};
