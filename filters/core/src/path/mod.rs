//! Request paths: the one reading of a path, and the rules that match it.

mod pattern;
mod unambiguous;

pub use pattern::{PathMatch, PathPattern};
pub use unambiguous::UnambiguousPath;
