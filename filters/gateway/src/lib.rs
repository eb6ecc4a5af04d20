//! The four filters as one chain in one place: a request crosses the host's boundary once.
//!
//! For each request, in this order:
//!
//! 1. The filters that are configured are asked one after another, as [`order`](config) says; each
//!    sees the request with the edits of those before it.
//! 2. The first that refuses ends the chain. Its reply passes the filters before it, the last one
//!    first, as a response of the upstream would: so cors marks a 401.
//! 3. Otherwise the edits of all go to the host at once, and the request goes on.
//! 4. The response passes all filters, the last one first.
//!
//! Decisions, events and metrics are those of the filters, under their own names.

mod attributes;
mod calling;
mod config;
mod link;
mod policy;
mod ports;
mod reads;
mod reply;
#[cfg(test)]
mod tests;

#[cfg(feature = "schema")]
pub use config::schema::schema;
pub use policy::Gateway;
