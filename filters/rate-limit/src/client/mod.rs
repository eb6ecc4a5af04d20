//! The client of a request.

pub(crate) mod address;
pub(crate) mod identity;
pub(crate) mod lists;
