//! The supported versions of the proxies: `tests/versions/versions.yaml`, the run that checks it, and
//! the page `docs/versions.md`.
//!
//! The file declares what older versions lack. The run fails for a test that fails and is not
//! declared, and for a declared lack that is not there.

pub mod outcome;
pub mod page;
pub mod program;
pub mod table;
