//! Checks, explains and converts configurations of the Novasphere gateway filters, offline.
//!
//! Each command is a module with its arguments, `Args`, and a function `run`.
//!
//! - `cli`: the command line, and the exit codes;
//! - `source`: YAML and JSON with positions;
//! - `found`: the filters and routes in the files of all hosts;
//! - `environment`: the options about the proxy's environment;
//! - `finding`, `report`: what to change in a file, and how to show it;
//! - `check`, `convert`, `explain_code`.

pub mod check;
mod cli;
pub mod convert;
pub mod environment;
pub mod explain_code;
pub mod finding;
pub mod found;
pub mod report;
pub mod source;

pub use cli::main;
