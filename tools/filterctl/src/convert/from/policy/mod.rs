//! Parts of the filters' configurations that several formats have.
//!
//! - `providers`: issuers of tokens, for jwt-auth;
//! - `origins`: origins, for cors;
//! - `buckets`: token buckets, for rate-limit;
//! - `headers`: rules of header-transform.

pub mod buckets;
pub mod headers;
pub mod origins;
pub mod providers;
