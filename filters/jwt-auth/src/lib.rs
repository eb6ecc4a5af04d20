//! The jwt-auth filter.
