//! Leases.

pub(crate) mod cache;
