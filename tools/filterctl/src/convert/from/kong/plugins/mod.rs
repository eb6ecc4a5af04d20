//! Plugins, each with the filter that replaces it.
//!
//! - `jwt`, `access`: who may pass;
//! - `rate_limiting`, `limits`: limits;
//! - `cors`, `transformers`: headers;
//! - `others`: plugins without a counterpart.

pub mod access;
pub mod cors;
pub mod jwt;
mod limits;
pub mod others;
pub mod rate_limiting;
pub mod transformers;
