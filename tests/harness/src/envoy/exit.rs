//! Runs an Envoy that exits.

use anyhow::Result;

use super::{
    EnvoyConfig,
    process::{Launch, Process},
};
use crate::{startup::StartSlot, wait::until};

/// The exit of an Envoy.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Whether the exit status is 0.
    pub success: bool,
    /// The log.
    pub log: String,
}

/// Runs Envoy in validate mode.
///
/// # Errors
/// Fails if Envoy does not exit.
pub fn validate(config: &EnvoyConfig) -> Result<Exit> {
    run(config, "validate")
}

/// Starts an Envoy that must refuse its configuration.
///
/// # Errors
/// Fails if Envoy accepts the configuration, and so does not exit.
pub fn serve_until_exit(config: &EnvoyConfig) -> Result<Exit> {
    run(config, "serve")
}

fn run(config: &EnvoyConfig, mode: &str) -> Result<Exit> {
    let launch = Launch { mode, ..Launch::of(config) };
    let _slot = StartSlot::acquire()?;
    let mut process = Process::spawn(&config.bootstrap()?, &launch)?;
    let status = until("Envoy to exit", || Ok(process.child.try_wait()?))?;
    Ok(Exit { success: status.success(), log: process.log()? })
}
