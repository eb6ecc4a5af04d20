//! Request paths: which one a server reads, and which rule matches it.

mod pattern;
mod unambiguous;

pub use pattern::{PathMatch, PathPattern};
pub use unambiguous::UnambiguousPath;
