//! The configuration between the formats: services, routes, and a chain of filters for each route.
//!
//! - `gateway`: services and routes;
//! - `listener`: listeners of Envoy;
//! - `action`: what a route does with its requests;
//! - `path`: conditions about the path;
//! - `chain`: the filters of a route;
//! - `addresses`: the client addresses that may pass;
//! - `hosts`: routes by host name, as virtual hosts;
//! - `order`, `overlap`: the order in which routes are tried;
//! - `closing`: routes for the other requests of a host;
//! - `verdict`: the filters' own validation.

mod action;
mod addresses;
mod chain;
mod closing;
mod gateway;
mod hosts;
mod listener;
mod order;
mod overlap;
mod path;
mod verdict;

pub use self::{
    action::{Action, NewPath, Redirect, Response},
    addresses::Addresses,
    chain::{Bucket, Chain},
    closing::closed,
    gateway::{Endpoint, Gateway, Route, Scheme, Service},
    hosts::virtual_hosts,
    listener::Listener,
    order::{Entry, HostClass, block_misplaced, block_overlapping, in_order},
    path::{PathMatch, escape, has_alternatives},
    verdict::{fault, prune},
};
