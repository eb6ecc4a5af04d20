//! Request paths: unambiguous paths, the variants of others, and the patterns that match them.

mod decoded;
mod normalization;
mod pattern;
mod request_path;
mod unambiguous;
mod variants;

pub use pattern::{PathMatch, PathPattern};
pub(crate) use request_path::{MatchedVariants, RequestPath};
pub use unambiguous::UnambiguousPath;
