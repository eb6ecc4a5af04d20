//! Files with positions: YAML and JSON as trees whose nodes know where they are.
//!
//! - `node`: the tree;
//! - `parse`: from text to trees;
//! - `embedded`: documents inside scalars, such as an envoy.yaml in a ConfigMap;
//! - `scalars`: scalars as each host reads them;
//! - `settings`: files of lines `NAME = value`, such as kong.conf;
//! - `file`: a file and its documents.

mod embedded;
mod file;
mod node;
mod parse;
mod scalars;
mod settings;

pub use self::{
    file::File,
    node::{Content, Node, Style},
    parse::{ParseError, parse},
    scalars::Reader,
};
