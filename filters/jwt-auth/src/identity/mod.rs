//! The identity of the caller, for the upstream, for later filters and for the access log.

pub(crate) mod attributes;
pub(crate) mod consumer;
pub(crate) mod headers;
mod owned_header;
mod unusable_claim;
