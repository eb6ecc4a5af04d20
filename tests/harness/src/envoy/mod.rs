//! The real Envoy as a child process.

mod changes;
mod child;
mod config;
mod exit;
mod file;
mod filter;
mod launch;
mod process;

pub use changes::Tls;
pub use config::{EnvoyConfig, HotRestart, Listener, Logging};
pub use exit::{Exit, serve_until_exit, validate, validate_yaml};
pub use file::Substitutions;
pub use filter::{WasmFilter, all_are_native};
pub use process::Envoy;

/// Returns the lines of a log above level info. Every start logs about a hundred info lines.
pub fn telling(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.contains("][info][")).collect();
    lines.join("\n")
}
