//! Checks, explains and converts configurations of the Novasphere gateway filters, offline.
//!
//! Each command is a module with its arguments, `Args`, and a function `run`.
//!
//! - `cli`: the command line, and the exit codes;
//! - `source`: YAML and JSON with positions.

mod cli;
mod source;

pub use cli::main;
