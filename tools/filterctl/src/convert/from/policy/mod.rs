//! Parts of the filters' configurations that several formats have.
//!
//! - `providers`, `key_set`: issuers of tokens and their keys, for jwt-auth;
//! - `origins`: origins, for cors;
//! - `buckets`: token buckets, for rate-limit;
//! - `header_changes`, `headers`: rules of header-transform.

pub mod buckets;
pub mod header_changes;
pub mod headers;
mod key_set;
pub mod origins;
pub mod providers;
