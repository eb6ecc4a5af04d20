//! The real Envoy as a child process.

mod changes;
mod config;
mod exit;
mod file;
mod launch;
mod process;

pub use changes::Tls;
pub use config::{EnvoyConfig, Listener, Logging, WasmFilter};
pub use exit::{Exit, serve_until_exit, validate, validate_yaml};
pub use file::Substitutions;
pub use process::Envoy;

/// Returns the lines of a log above level info. Every start logs about a hundred info lines.
pub fn telling(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.contains("][info][")).collect();
    lines.join("\n")
}
