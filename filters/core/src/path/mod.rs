//! Request paths: their unambiguous reading, and the patterns that match it.

mod normalization;
mod pattern;
mod unambiguous;

pub use pattern::{PathMatch, PathPattern};
pub use unambiguous::UnambiguousPath;
