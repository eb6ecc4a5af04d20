//! The four filters as one chain in one module. A request crosses the host's boundary once.
//!
//! For each request, in this order:
//!
//! 1. The configured filters decide one after another, in the configured order. Each sees the
//!    request with the mutations of the earlier ones.
//! 2. The first filter that responds ends the chain. Its local response passes all other filters in
//!    reverse order. So cors adds its headers to a 401, and header-transform its security headers.
//! 3. Otherwise the mutations of all filters go to the host at once, and the request continues.
//! 4. The response passes all filters in reverse order.
//!
//! jwt-auth passes the claims that later filters use on to them. A claim is not available to filters
//! before it.
//!
//! The filters keep their reasons, events and metrics, each under the filter's name.
//!
//! In reading order:
//!
//! - `config`: the configuration, a struct of the four;
//! - `build`: from a configuration to a chain;
//! - `filter`: the chain as a filter;
//! - `chain`: the order of calls, and how decisions combine;
//! - `entry`: a filter in the chain, and `entry_env`, its environment;
//! - `ticket`, `names`: the state of a waiting request, and the header names in it;
//! - `attribute_cache`: the attributes that the filters pass to each other.

mod attribute_cache;
mod build;
mod chain;
mod config;
mod entry;
mod entry_env;
mod field_hints;
mod filter;
mod names;
#[cfg(test)]
mod tests;
mod ticket;

pub use chain::Gateway;
#[cfg(feature = "schema")]
pub use config::schema::schema;
