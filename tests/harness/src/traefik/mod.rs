//! The real Traefik as a child process.

mod bucket;
mod config;
mod file;
mod log;
mod older;
mod process;

pub use bucket::Bucket;
pub use config::{Plugin, Router, TraefikConfig};
pub use log::Line;
pub use process::Traefik;
