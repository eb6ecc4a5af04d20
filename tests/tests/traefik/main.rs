//! The filters in the real Traefik (`make wasm proxies`).

mod algorithms;
mod converted;
mod deployed;
mod flood;
mod init;
mod modules;
mod oddities;
mod refusals;
mod reload;
mod shipped;
mod streams;
mod traefik_cases;

use anyhow::Result;
use novasphere_harness::{
    chain,
    client::{Request, Response},
    standin::Standin,
    traefik::{Plugin, Router, Traefik, TraefikConfig},
};

/// A running Traefik with the stand-in as its upstream.
struct Gateway {
    traefik: Traefik,
    standin: Standin,
}

impl Gateway {
    /// Starts a Traefik that runs the plugins on all requests.
    fn start(plugins: Vec<Plugin>) -> Result<Self> {
        let grpc = Router {
            speaks_http2: true,
            ..Router::new("grpc", "PathPrefix(`/novasphere.v1.`)", plugins.clone())
        };
        Self::with_routers(vec![Router::for_all("all", plugins), grpc])
    }

    fn with_routers(routers: Vec<Router>) -> Result<Self> {
        let standin = Standin::start()?;
        let traefik = Traefik::start(&config(&standin, routers)?)?;
        Ok(Self { traefik, standin })
    }

    fn send(&self, request: &Request) -> Result<Response> {
        self.traefik.send(request)
    }
}

fn config(standin: &Standin, routers: Vec<Router>) -> Result<TraefikConfig> {
    let environment = chain::environment()?;
    Ok(TraefikConfig { environment, ..TraefikConfig::new(standin.addr, routers) })
}
