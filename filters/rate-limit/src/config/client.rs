//! Clients: identity, address, and lists.

use novasphere_core::ConfigObject;
use serde::Deserialize;

/// The parts of a client's identity.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum LimitBy {
    Ip,
    Header,
    Host,
    Path,
    Consumer,
    Credential,
    Claim,
    Service,
    Constant,
}

impl LimitBy {
    /// The name in configurations.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            LimitBy::Ip => "ip",
            LimitBy::Header => "header",
            LimitBy::Host => "host",
            LimitBy::Path => "path",
            LimitBy::Consumer => "consumer",
            LimitBy::Credential => "credential",
            LimitBy::Claim => "claim",
            LimitBy::Service => "service",
            LimitBy::Constant => "constant",
        }
    }
}

/// What to do if a part of the identity is missing: `ip`, use the client address instead;
/// `constant`, count all such requests together; `allow`, let the request pass uncounted; `deny`,
/// reject it with 403.
// The `Debug` text is part of the keys of stored counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum OnUnresolved {
    Ip,
    Constant,
    Allow,
    Deny,
}

/// What a count belongs to: `global`, all requests of the proxy; `route` or `service`, those of one
/// route or of one upstream service.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    #[default]
    Global,
    Route,
    Service,
}

/// A list of clients. A client matches if its address or its consumer is listed.
#[derive(Debug, Default, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"cidrs": ["10.0.0.0/8"]}])))]
pub struct ClientsConfig {
    /// Networks, such as `10.0.0.0/8` or `2001:db8::/32`, or single addresses. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["10.0.0.0/8", "2001:db8::/32"]])))]
    pub cidrs: Vec<String>,
    /// Ids or user names of consumers, as jwt-auth sets them. Default: none.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["web-app"]])))]
    pub consumers: Vec<String>,
}

/// The settings for the client address.
#[derive(Debug, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"from": "forwarded_for", "trusted_hops": 1}])))]
pub struct ClientIpConfig {
    /// `connection`: the address as the proxy determined it. `forwarded_for`: the X-Forwarded-For
    /// header, with exactly one of `trusted_hops` and `trusted_cidrs`. Default: `connection`.
    pub from: AddressFrom,
    /// The position of the client's entry from the end of X-Forwarded-For, 1 to 16. 1 is the last
    /// entry. Default: none.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 16)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [1])))]
    pub trusted_hops: Option<u32>,
    /// The networks of the proxies in front. The last address outside of them is the client's.
    /// Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [["10.0.0.0/8"]])))]
    pub trusted_cidrs: Vec<String>,
    /// The number of leading bits of an IPv6 address that identify a client, 32 to 128. Default: 64.
    #[cfg_attr(feature = "schema", schemars(range(min = 32, max = 128)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [56])))]
    pub ipv6_prefix: u32,
}

impl Default for ClientIpConfig {
    fn default() -> Self {
        Self {
            from: AddressFrom::Connection,
            trusted_hops: None,
            trusted_cidrs: Vec::new(),
            ipv6_prefix: 64,
        }
    }
}

/// The source of the client address.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum AddressFrom {
    Connection,
    ForwardedFor,
}
