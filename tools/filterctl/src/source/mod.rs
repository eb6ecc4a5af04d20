//! Files with positions: YAML and JSON as trees whose nodes know where they are.
//!
//! - `node`: the tree;
//! - `parse`: from text to trees;
//! - `embedded`: documents inside block scalars, such as an envoy.yaml in a ConfigMap;
//! - `scalars`: plain scalars as each host reads them;
//! - `file`: a file and its documents.

mod node;
mod parse;

pub use self::{
    node::{Content, Node, Style},
    parse::{ParseError, parse},
};
