//! Checks, explains and converts configurations of the Novasphere gateway filters, offline.
//!
//! Each command is a module with its arguments, `Args`, and a function `run`.
//!
//! - `cli`: the command line, and the exit codes;
//! - `source`: YAML and JSON with positions;
//! - `found`: the filters and routes in the files of all hosts.

mod cli;
pub mod found;
pub mod source;

pub use cli::main;
