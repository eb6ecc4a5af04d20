//! Request paths: which one a server reads, and which rule matches it.

mod pattern;
mod plain;

pub use pattern::{PathFields, PathPattern};
pub use plain::PlainPath;
