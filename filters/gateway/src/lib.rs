//! The four filters as one chain in one module. A request crosses the host's boundary once.
//!
//! For each request, in this order:
//!
//! 1. The configured filters decide one after another, in the configured order. Each sees the
//!    request with the mutations of the earlier ones.
//! 2. The first filter that responds ends the chain. Its local response passes the earlier filters
//!    in reverse order, as an upstream's response would. So cors adds its headers to a 401.
//! 3. Otherwise the mutations of all filters go to the host at once, and the request continues.
//! 4. The response passes all filters in reverse order.
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
//! - `ticket`: a request that waits, and `names`, the header names it keeps;
//! - `attribute_cache`, `local_response`: one concern of the chain each.

mod attribute_cache;
mod build;
mod chain;
mod config;
mod entry;
mod entry_env;
mod field_hints;
mod filter;
mod local_response;
mod names;
#[cfg(test)]
mod tests;
mod ticket;

pub use chain::Gateway;
#[cfg(feature = "schema")]
pub use config::schema::schema;
