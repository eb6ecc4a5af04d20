//! An Envoy with filters in front of the stand-in.

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
    /// The address for clients.
    pub addr: SocketAddr,
    /// The proxy.
    pub envoy: Envoy,
    /// The upstream.
    pub standin: Standin,
}

impl Gateway {
    /// Starts a gateway with one worker.
    ///
    /// # Errors
    /// Fails if Envoy or the stand-in does not start.
    pub fn start(filters: Vec<WasmFilter>) -> Result<Self> {
        Self::configured(filters, |config| config)
    }

    /// Starts a gateway after `configure` has changed its configuration.
    ///
    /// # Errors
    /// Fails if Envoy or the stand-in does not start.
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

    /// Sends one request over a new connection.
    ///
    /// # Errors
    /// Fails if the connection breaks or the response is not HTTP/1.1.
    pub fn send(&self, request: &Request) -> Result<Response> {
        client::send(self.addr, request)
    }
}
