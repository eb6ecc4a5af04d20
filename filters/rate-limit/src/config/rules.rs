//! Wire structs of the rules, the lists and the client's address.

use novasphere_core::OneOrMany;
#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, METHOD, PATH, TOKEN};
use serde::Deserialize;

use super::{LimitBy, limits::WindowConfig};

/// Requests with limits, or a cost, of their own: all conditions that are given must hold.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name"])))]
pub struct RuleConfig {
    /// Its name in metrics: letters, digits, `_` and `-`. Required, and not `default`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[A-Za-z0-9_-]{1,64}$")))]
    pub name: Option<String>,
    /// Their methods, at least one. Default: any.
    #[cfg_attr(feature = "schema", schemars(length(min = 1), inner(regex(pattern = METHOD))))]
    pub methods: Option<Vec<String>>,
    /// Their path. At most one of the three paths.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path: Option<String>,
    /// Their path or the start of it, up to a `/`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path_prefix: Option<String>,
    /// Their path, `{name}` standing for one segment.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = PATH)))]
    pub path_template: Option<String>,
    /// Whether ASCII letters match in any case. Default false.
    pub ignore_case: bool,
    /// The name of the proxy's route they take.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub route: Option<String>,
    /// A claim of their token.
    pub claim: Option<ExpectedConfig>,
    /// A header of theirs.
    pub header: Option<ExpectedConfig>,
    /// What one of them counts, 1 or more. Default 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub cost: Option<u32>,
    /// They are not limited.
    pub unlimited: bool,
    /// Requests a second; with any of these, the rule counts by itself.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub second: Option<u32>,
    /// Requests a minute.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub minute: Option<u32>,
    /// Requests an hour.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub hour: Option<u32>,
    /// Requests a day.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub day: Option<u32>,
    /// Requests a month.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub month: Option<u32>,
    /// Requests a year.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub year: Option<u32>,
    /// Requests in a window of any length.
    pub window: Option<WindowConfig>,
    /// Whose requests are counted together. Default: as for the filter.
    pub limit_by: Option<OneOrMany<LimitBy>>,
    /// The header that identifies a client; with the rule's own `limit_by: header`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    pub header_name: Option<String>,
    /// The claim that identifies a client; with the rule's own `limit_by: claim`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    pub claim_name: Option<String>,
}

/// A name and the values it may have.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name", "one_of"])))]
pub struct ExpectedConfig {
    /// The name. Required.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub name: Option<String>,
    /// The values, at least one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub one_of: Vec<String>,
}

/// Some clients.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClientsConfig {
    /// Their networks: `10.0.0.0/8`, `2001:db8::/32`, or single addresses.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub cidrs: Vec<String>,
    /// Their ids or user names, as jwt-auth names consumers.
    #[cfg_attr(feature = "schema", schemars(inner(length(min = 1))))]
    pub consumers: Vec<String>,
}

/// Where the client's address comes from.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ClientIpConfig {
    /// `connection`, as the proxy found it, or `forwarded_for`, the X-Forwarded-For header.
    pub from: AddressFrom,
    /// The place of the client's entry from the end of X-Forwarded-For, 1 to 16.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 16)))]
    pub trusted_hops: Option<u32>,
    /// The networks of the proxies in front: the last address that is not theirs is the client's.
    pub trusted_cidrs: Vec<String>,
    /// The bits of an IPv6 address that identify a client, 32 to 128.
    #[cfg_attr(feature = "schema", schemars(range(min = 32, max = 128)))]
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

/// Where the client's address comes from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub(crate) enum AddressFrom {
    Connection,
    ForwardedFor,
}
