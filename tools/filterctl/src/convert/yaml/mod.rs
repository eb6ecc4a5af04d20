//! YAML documents to write: ordered, with comments.
//!
//! - `tree`: the values;
//! - `scalar`: texts with or without quotes;
//! - `write`: lines.

mod scalar;
mod tree;
mod write;

pub use self::{
    tree::{Map, Yaml},
    write::document,
};
