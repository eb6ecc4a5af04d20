//! Where requests are counted.

pub(crate) mod charge;
pub(crate) mod lease;
pub(crate) mod local;
pub(crate) mod redis;
