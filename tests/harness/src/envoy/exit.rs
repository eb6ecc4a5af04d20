//! An Envoy that is expected to end by itself.

use anyhow::Result;

use super::{
    EnvoyConfig,
    process::{Launch, Process},
};
use crate::{startup::StartSlot, wait::until};

/// How it ended.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Whether its exit status says that all was well.
    pub success: bool,
    /// Everything it logged.
    pub log: String,
}

/// Has Envoy check a configuration without serving it.
///
/// # Errors
/// When it does not come to an end.
pub fn validate(config: &EnvoyConfig) -> Result<Exit> {
    run(config, "validate")
}

/// Starts an Envoy that should refuse its configuration.
///
/// # Errors
/// When it does not come to an end: it accepted it.
pub fn serve_until_exit(config: &EnvoyConfig) -> Result<Exit> {
    run(config, "serve")
}

fn run(config: &EnvoyConfig, mode: &str) -> Result<Exit> {
    let launch = Launch { mode, ..Launch::of(config) };
    let _slot = StartSlot::acquire()?;
    let mut process = Process::spawn(&config.bootstrap()?, &launch)?;
    let status = until("Envoy to end", || Ok(process.child.try_wait()?))?;
    Ok(Exit { success: status.success(), log: process.log()? })
}
