//! The stand-in behind an Envoy with filters in it: what most end-to-end tests start from.

use std::net::SocketAddr;

use anyhow::Result;

use crate::{
    chain,
    client::{self, Request, Response},
    envoy::{Envoy, EnvoyConfig, Listener, WasmFilter},
    standin::Standin,
};

/// A running gateway.
pub struct Gateway {
    /// Where clients connect.
    pub addr: SocketAddr,
    /// The proxy.
    pub envoy: Envoy,
    /// The upstream.
    pub standin: Standin,
}

impl Gateway {
    /// Starts one with those filters and one worker.
    ///
    /// # Errors
    /// When something does not start.
    pub fn start(filters: Vec<WasmFilter>) -> Result<Self> {
        Self::configured(filters, |config| config)
    }

    /// Starts one with a configuration of its own.
    ///
    /// # Errors
    /// When something does not start.
    pub fn configured(
        filters: Vec<WasmFilter>,
        configure: impl FnOnce(EnvoyConfig) -> EnvoyConfig,
    ) -> Result<Self> {
        let standin = Standin::start()?;
        let listeners = vec![Listener::new("gateway", filters)];
        let config = EnvoyConfig {
            environment: chain::environment()?,
            ..EnvoyConfig::new(standin.addr, listeners)
        };
        let envoy = Envoy::start(&configure(config))?;
        Ok(Self { addr: envoy.listener("gateway")?, envoy, standin })
    }

    /// Sends one request over a connection of its own.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not HTTP/1.1.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.addr, request)
    }
}
