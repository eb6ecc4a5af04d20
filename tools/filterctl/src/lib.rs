//! Checks, explains and converts configurations of the Novasphere gateway filters, offline.
//!
//! Each command is a module with its arguments, `Args`, and a function `run`.
//!
//! - `cli`: the command line, and the exit codes;
//! - `source`: YAML and JSON with positions;
//! - `found`: the filters and routes in the files of all hosts;
//! - `chains`: the filters that one request passes;
//! - `environment`: the options about the proxy's environment;
//! - `finding`, `report`: what to change in a file, and how to show it;
//! - `check`, `explain`, `explain_code`, `test`: verdicts about files and requests;
//! - `private_key`: keys that sign tokens;
//! - `clock`: the time of a command;
//! - `jwks`, `key`, `token`: commands about keys and tokens;
//! - `schema`, `docs`: the fields of configurations;
//! - `artifact`: built modules;
//! - `template`: texts with places to fill;
//! - `init`, `render`: configurations to start from, and additions to existing ones;
//! - `diff`: the effect of a change of configuration on requests;
//! - `convert`: from the configurations of other plugins and proxies.

pub mod artifact;
mod chains;
pub mod check;
mod cli;
pub mod clock;
pub mod convert;
pub mod diff;
pub mod docs;
pub mod environment;
pub mod explain;
pub mod explain_code;
pub mod finding;
pub mod found;
pub mod init;
pub mod jwks;
pub mod key;
pub mod private_key;
pub mod render;
pub mod report;
pub mod schema;
pub mod source;
mod template;
pub mod test;
pub mod token;

pub use cli::main;
