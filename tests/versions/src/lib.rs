//! The supported versions of the proxies: `tests/versions/versions.yaml`, the run that checks it, and
//! the page `docs/versions.md`.
//!
//! The file declares what older versions lack. A run fails on a failure that is not declared, and on
//! a declared one that does not happen.

pub mod outcome;
pub mod page;
pub mod program;
pub mod table;
