//! Plugins, each with the filter that replaces it.
//!
//! - `jwt`, `access`: who may pass;
//! - `rate_limiting`, `cors`, `transformers`: limits and headers;
//! - `others`: plugins without a counterpart.

pub mod access;
pub mod cors;
pub mod jwt;
pub mod others;
pub mod rate_limiting;
pub mod transformers;
