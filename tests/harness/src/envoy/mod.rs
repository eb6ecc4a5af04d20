//! The real Envoy as a child process.

mod changes;
mod config;
mod exit;
mod file;
mod process;

pub use changes::Tls;
pub use config::{EnvoyConfig, Listener, Logging, WasmFilter};
pub use exit::{Exit, serve_until_exit, validate};
pub use file::Substitutions;
pub use process::Envoy;

/// What a log says besides the hundred lines of every start.
pub fn telling(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.contains("][info][")).collect();
    lines.join("\n")
}
