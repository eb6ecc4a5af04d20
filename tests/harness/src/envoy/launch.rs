//! The configuration file and the arguments of an Envoy.

use std::{collections::BTreeMap, time::Duration};

use super::{EnvoyConfig, HotRestart, Logging};
use crate::wait::PATIENCE;

/// A bootstrap file. Envoy selects the reader by the name.
pub(super) struct File<'a> {
    pub(super) name: &'static str,
    pub(super) text: &'a str,
}

impl<'a> File<'a> {
    pub(super) fn json(text: &'a str) -> Self {
        Self { name: "envoy.json", text }
    }
}

/// Arguments of the program.
pub(super) struct Launch<'a> {
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) concurrency: u32,
    pub(super) logging: Logging,
    pub(super) mode: &'a str,
    /// The program that runs Envoy and its arguments; empty for none.
    pub(super) under: &'a [String],
    pub(super) hot_restart: Option<HotRestart>,
    /// More arguments of Envoy.
    pub(super) arguments: &'a [String],
    /// The timeout of each step of the start.
    pub(super) limit: Duration,
}

impl Default for Launch<'_> {
    fn default() -> Self {
        const NOTHING: &BTreeMap<String, String> = &BTreeMap::new();
        Self {
            environment: NOTHING,
            concurrency: 1,
            logging: Logging::default(),
            mode: "serve",
            under: &[],
            hot_restart: None,
            arguments: &[],
            limit: PATIENCE,
        }
    }
}

impl<'a> Launch<'a> {
    pub(super) fn of(config: &'a EnvoyConfig) -> Self {
        Self {
            environment: &config.environment,
            concurrency: config.concurrency,
            logging: config.logging.clone(),
            hot_restart: config.hot_restart,
            arguments: &config.arguments,
            ..Self::default()
        }
    }
}
