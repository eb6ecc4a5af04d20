//! `verdicts.yaml`: requests and their expected verdicts.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use novasphere_cases::{Exchange, Expectation, Sent, TokenSpec, Upstream};
use serde::Deserialize;

/// The verdicts of a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The values of the variables that the reports list. They are the secrets of the input.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Tokens, signed again for each run.
    #[serde(default)]
    pub tokens: BTreeMap<String, TokenSpec>,
    /// The requests, sent in this order.
    pub verdicts: Vec<Verdict>,
}

/// A request and its verdict.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The behaviour of the source.
    pub name: String,
    /// The address of the client, which the proxy gets by the PROXY protocol.
    #[serde(default = "client")]
    pub client: IpAddr,
    /// The client's request.
    #[serde(default)]
    pub request: Sent,
    /// The upstream's response, if it is called.
    #[serde(default)]
    pub upstream: Upstream,
    /// The verdict of the source.
    pub expect: Expectation,
    /// The limit that leads to this verdict.
    #[serde(default)]
    pub limit: Option<Limit>,
    /// Why the source cannot be asked here, although a proxy runs it.
    #[serde(default)]
    pub unproven: Option<String>,
    /// The differences of the outputs.
    #[serde(default)]
    pub differs: Vec<Difference>,
}

/// An address for documentation (RFC 5737).
const fn client() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))
}

/// A limit. The request is repeated until its verdict is the expected one; before, it gets 200.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The number of requests that pass.
    pub requests: u32,
    /// The period.
    pub seconds: u32,
    /// The most requests of the table that count towards this limit before.
    #[serde(default)]
    pub spent: u32,
}

/// A reported difference of an output from the source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// The proxy of the output. Absent for both.
    #[serde(default)]
    pub only: Option<Proxy>,
    /// A part of a line of the report.
    pub report: String,
    /// The verdict of the output. Absent if the output blocks the request.
    #[serde(default)]
    pub expect: Option<Expectation>,
}

/// The proxy of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proxy {
    /// Envoy.
    Envoy,
    /// Traefik.
    Traefik,
}

impl Verdict {
    /// The request, with the verdict of the source.
    pub fn exchange(&self) -> Exchange {
        let (request, upstream) = (self.request.clone(), self.upstream.clone());
        Exchange { request, upstream, expect: self.expect.clone() }
    }

    /// The difference of the output for a proxy.
    pub fn difference(&self, proxy: Proxy) -> Option<&Difference> {
        self.differs.iter().find(|difference| difference.only.is_none_or(|only| only == proxy))
    }
}
