//! The header-transform filter.
