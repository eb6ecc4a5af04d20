//! Runs an Envoy that exits.

use std::collections::BTreeMap;

use anyhow::Result;

use super::{
    EnvoyConfig,
    child::Process,
    launch::{File, Launch},
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

/// Starts an Envoy that must reject its configuration.
///
/// # Errors
/// Fails if Envoy accepts the configuration, and so does not exit.
pub fn serve_until_exit(config: &EnvoyConfig) -> Result<Exit> {
    run(config, "serve")
}

/// Runs Envoy in validate mode with the text of a YAML file, which Envoy's own YAML reader reads.
///
/// # Errors
/// Fails if Envoy does not exit.
pub fn validate_yaml(text: &str, environment: &BTreeMap<String, String>) -> Result<Exit> {
    let launch = Launch { environment, mode: "validate", ..Launch::default() };
    wait(&File { name: "envoy.yaml", text }, &launch)
}

fn run(config: &EnvoyConfig, mode: &str) -> Result<Exit> {
    let launch = Launch { mode, ..Launch::of(config) };
    wait(&File::json(&config.bootstrap()?.to_string()), &launch)
}

fn wait(file: &File<'_>, launch: &Launch<'_>) -> Result<Exit> {
    let _slot = StartSlot::acquire()?;
    let mut process = Process::spawn(file, launch)?;
    let status = until("Envoy to exit", || Ok(process.child.try_wait()?))?;
    Ok(Exit { success: status.success(), log: process.log()? })
}
