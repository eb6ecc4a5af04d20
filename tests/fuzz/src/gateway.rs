//! The gateways under test, with the files as shipped, but with limits per year.

use std::{collections::BTreeMap, fs, net::SocketAddr, str::FromStr};

use anyhow::{Context, Result};
use novasphere_harness::{
    chain,
    envoy::{Envoy, Substitutions},
    paths::repository,
    traefik::Traefik,
};
use serde_json::Value;

use crate::{
    identities,
    upstream::{Record, Upstream},
};

/// A configuration under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// `host-config/envoy/gateway.yaml`.
    Gateway,
    /// `host-config/envoy/all.yaml`.
    All,
    /// `host-config/envoy/per-route.yaml`.
    PerRoute,
    /// `host-config/envoy/per-route-1.36.yaml`.
    PerRoute136,
    /// `host-config/envoy/native.yaml`.
    Native,
    /// `gateway.yaml` with most options of the filters.
    Options,
    /// `host-config/traefik`.
    Traefik,
}

/// All configurations.
pub const ALL: [Gateway; 7] = [
    Gateway::Gateway,
    Gateway::All,
    Gateway::PerRoute,
    Gateway::PerRoute136,
    Gateway::Native,
    Gateway::Options,
    Gateway::Traefik,
];

impl Gateway {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::All => "all",
            Self::PerRoute => "per-route",
            Self::PerRoute136 => "per-route-1.36",
            Self::Native => "native",
            Self::Options => "options",
            Self::Traefik => "traefik",
        }
    }

    /// Whether the filters handle CORS and limits. On Traefik, its own middlewares do.
    pub(crate) fn is_complete(self) -> bool {
        self != Self::Traefik
    }

    /// Whether a request for this path may have its token in the query.
    pub(crate) fn accepts_query_token(self, path: &str) -> bool {
        !self.is_per_route() || path.ends_with("/console/ws")
    }

    /// The headers that may carry a token, in lower case.
    pub(crate) fn token_headers(self) -> &'static [&'static str] {
        match self {
            Self::Options => &["authorization", "x-token", "cookie"],
            _ => &["authorization"],
        }
    }

    /// Whether pages on this origin may read responses: `app`, or one label, of `novasphere.io`. Neither
    /// case nor a default port matters (RFC 6454 section 5).
    pub(crate) fn allows_origin(self, origin: &str) -> bool {
        let origin = origin.to_ascii_lowercase();
        let origin = origin.strip_suffix(":443").unwrap_or(&origin);
        let label = origin.strip_prefix("https://").and_then(|o| o.strip_suffix(".novasphere.io"));
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_listed = label.is_some_and(|label| !label.is_empty() && label.chars().all(is_part));
        is_listed || self == Self::Options && origin == "https://partner.example.org"
    }

    /// The limit of a client, for requests like this one.
    pub(crate) fn limit(self, record: &Record) -> u64 {
        let is_creation = record.method == "POST" && record.path() == "/api/v1/wukongs";
        if self.is_per_route() && is_creation { 10 } else { 100 }
    }

    /// Whether routes have their own settings.
    fn is_per_route(self) -> bool {
        matches!(self, Self::PerRoute | Self::PerRoute136)
    }
}

impl FromStr for Gateway {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || ALL.map(Self::name).join(", ");
        let found = ALL.into_iter().find(|gateway| gateway.name() == name);
        found.ok_or_else(|| format!("expected one of {}, got {name:?}", names()))
    }
}

/// A running proxy in front of the upstream.
pub(crate) struct Running {
    pub(crate) gateway: Gateway,
    pub(crate) addr: SocketAddr,
    pub(crate) upstream: Upstream,
    proxy: Proxy,
}

enum Proxy {
    Envoy(Envoy),
    Traefik(Traefik),
}

/// The size of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// The resident memory in bytes.
    pub(crate) memory: u64,
    /// The number of statistics.
    pub(crate) statistics: usize,
}

impl Running {
    pub(crate) fn start(gateway: Gateway) -> Result<Self> {
        let upstream = Upstream::start()?;
        let environment =
            BTreeMap::from([("NOVASPHERE_JWT_SECRET".to_owned(), identities::SECRET.to_owned())]);
        if gateway == Gateway::Traefik {
            let fixed = serde_yaml_ng::from_str(&shipped("traefik/traefik.yaml")?)?;
            let dynamic = shipped("traefik/dynamic.yaml")?;
            let traefik = Traefik::start_text(&fixed, &dynamic, upstream.addr, &environment)?;
            let addr = traefik.addr;
            return Ok(Self { gateway, addr, upstream, proxy: Proxy::Traefik(traefik) });
        }
        let mut substitutions = Substitutions::new(upstream.addr, environment);
        substitutions.proxy_protocol = true;
        let envoy = Envoy::start_text(&text(gateway)?, &substitutions)?;
        let addr = envoy.listener("gateway")?;
        Ok(Self { gateway, addr, upstream, proxy: Proxy::Envoy(envoy) })
    }

    pub(crate) fn has_http2(&self) -> bool {
        matches!(self.proxy, Proxy::Envoy(_))
    }

    pub(crate) fn size(&self) -> Result<Size> {
        Ok(match &self.proxy {
            Proxy::Envoy(envoy) => Size { memory: envoy.rss()?, statistics: envoy.stats()?.len() },
            Proxy::Traefik(traefik) => Size { memory: traefik.memory()?, statistics: 0 },
        })
    }

    /// Checks that the proxy runs and that no filter failed.
    pub(crate) fn ensure_no_trap(&mut self) -> Result<()> {
        match &mut self.proxy {
            Proxy::Envoy(envoy) => chain::ensure_no_trap(envoy),
            Proxy::Traefik(traefik) => traefik.ensure_no_trap(),
        }
    }
}

/// The configuration of Envoy.
fn text(gateway: Gateway) -> Result<String> {
    let name = if gateway == Gateway::Options { "gateway" } else { gateway.name() };
    let mut yaml: Value = serde_yaml_ng::from_str(&shipped(&format!("envoy/{name}.yaml"))?)?;
    let manager = yaml
        .pointer_mut("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config")
        .context("no connection manager")?;
    // Envoy waits this long before it closes the connection of a malformed request.
    if let Some(members) = manager.as_object_mut() {
        members.insert("delayed_close_timeout".to_owned(), "0.001s".into());
    }
    if gateway == Gateway::Options {
        let options: Value = serde_yaml_ng::from_str(include_str!("options.yaml"))?;
        let config = manager.pointer_mut(CONFIGURATION);
        *config.context("no configuration of the gateway")? = options;
    }
    use_yearly_limits(&mut yaml);
    Ok(yaml.to_string())
}

/// Replaces the limits per minute and hour, so that clients on a slow machine also reach their limits, and no
/// window ends.
fn use_yearly_limits(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if let Some(limit) = members.remove("minute") {
                members.remove("hour");
                members.insert("year".to_owned(), limit);
            }
            members.values_mut().for_each(use_yearly_limits);
        }
        Value::Array(values) => values.iter_mut().for_each(use_yearly_limits),
        _ => {}
    }
}

/// The configuration of the gateway in the connection manager.
const CONFIGURATION: &str = "/http_filters/0/typed_config/config/configuration/value";

fn shipped(file: &str) -> Result<String> {
    let path = repository().join("host-config").join(file);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
