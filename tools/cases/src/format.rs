//! Cases as data.

use std::{collections::BTreeMap, net::IpAddr};

use anyhow::{Result, ensure};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IntoDeserializer},
};
use serde_json::Value;

use crate::{Lines, Time, TokenSpec, expand::Expansion};

/// A configuration and a list of exchanges with their expected results.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The behaviour the case shows.
    pub name: String,
    /// The filter's configuration. Null if the case is for a configuration given elsewhere.
    #[serde(default)]
    pub config: Value,
    /// Tokens, signed again for each run.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenSpec>,
    /// Closed response header names. A final `*` matches every name with that start. In every exchange, the
    /// client receives exactly the lines of these names that `headers` lists.
    #[serde(default)]
    pub closed: Vec<String>,
    /// The places where the case runs. Empty for all.
    #[serde(default)]
    pub hosts: Vec<Place>,
    /// The exchanges, in order.
    pub exchanges: Vec<Exchange>,
}

/// A place where cases run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The filter's logic, without a proxy.
    Native,
    /// The engine of `filterctl explain` and `filterctl test`.
    Explain,
    /// Emulated hosts.
    Emulated,
    /// The real Envoy.
    Envoy,
    /// The real Traefik.
    Traefik,
}

/// A request, the upstream's response, and the expected result.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exchange {
    /// The client's request.
    pub request: Sent,
    /// The upstream's response, if it is called.
    pub upstream: Upstream,
    /// The expected result.
    pub expect: Expectation,
}

/// The host of requests without a Host header.
pub const HOST: &str = "api.novasphere.io";

/// A request.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sent {
    /// The method.
    pub method: String,
    /// The request target.
    pub path: String,
    /// The header lines.
    pub headers: Lines,
    /// The time at which the request arrives. `None` for the time of the run.
    pub time: Option<Time>,
    /// The client's address, as the proxy determines it. `None` for the loopback address.
    pub client_address: Option<IpAddr>,
}

impl Default for Sent {
    fn default() -> Self {
        let (method, path) = ("GET".to_owned(), "/api/v1/wukongs".to_owned());
        Self { method, path, headers: Lines::default(), time: None, client_address: None }
    }
}

/// The upstream's response.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The status.
    pub status: u16,
    /// The header lines.
    pub headers: Lines,
}

impl Default for Upstream {
    fn default() -> Self {
        Self { status: 200, headers: Lines::default() }
    }
}

/// The expected result for client and upstream.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expectation {
    /// The status.
    pub status: u16,
    /// Exactly these lines of these names.
    pub headers: Lines,
    /// No lines of these names.
    pub absent: Vec<String>,
    /// No lines of these names except the lines in `headers`. Copied from the case.
    #[serde(skip)]
    pub closed: Vec<String>,
    /// The body.
    pub body: Option<String>,
    /// The request the upstream receives.
    pub upstream: Option<UpstreamExpectation>,
    /// Decisions of filters about the request, such as `jwt-auth:expired`.
    #[serde(deserialize_with = "one_or_more")]
    pub decision: Vec<String>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Lines::default(),
            absent: Vec::new(),
            closed: Vec::new(),
            body: None,
            upstream: None,
            decision: Vec::new(),
        }
    }
}

/// The expected upstream call.
#[derive(Clone, Debug)]
pub enum UpstreamExpectation {
    /// No call.
    NotCalled,
    /// A call with this request.
    Called(Received),
}

/// The request the upstream must receive.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Received {
    /// The method.
    pub method: Option<String>,
    /// The request target.
    pub path: Option<String>,
    /// Exactly these lines of these names.
    pub headers: Lines,
    /// No lines of these names.
    pub absent: Vec<String>,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let written = match Value::deserialize(deserializer)? {
        Value::String(text) => vec![text],
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
        }
        _ => vec![String::new()],
    };
    match written.iter().all(|text| text.contains(':')) {
        true => Ok(written),
        false => Err(D::Error::custom(
            "expect.decision: expected a filter and its decision, as in jwt-auth:expired, or a list \
             of them",
        )),
    }
}

impl<'de> Deserialize<'de> for UpstreamExpectation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "none" => Ok(Self::NotCalled),
            value @ Value::Object(_) => Received::deserialize(value.into_deserializer())
                .map(Self::Called)
                .map_err(D::Error::custom),
            _ => Err(D::Error::custom("expect.upstream is a mapping or `none`")),
        }
    }
}

impl Case {
    /// Whether the case runs in this place.
    pub fn runs_in(&self, place: Place) -> bool {
        self.hosts.is_empty() || self.hosts.contains(&place)
    }

    /// The exchanges with fresh tokens, signed by `sign`.
    ///
    /// # Errors
    /// If a token cannot be signed or is not defined.
    pub fn prepared_with(
        &self,
        sign: &dyn Fn(&TokenSpec) -> Result<String>,
    ) -> Result<Vec<Exchange>> {
        ensure!(!self.exchanges.is_empty(), "exchanges is empty");
        let expansion = Expansion::new(&self.tokens, sign)?;
        let mut exchanges: Vec<Exchange> =
            self.exchanges.iter().map(|e| expansion.exchange(e)).collect::<Result<_>>()?;
        for exchange in &mut exchanges {
            exchange.expect.closed.clone_from(&self.closed);
        }
        Ok(exchanges)
    }
}
