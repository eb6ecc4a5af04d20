//! The cors filter.
