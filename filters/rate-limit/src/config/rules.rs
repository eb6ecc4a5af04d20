//! Wire structs of the rules, the lists and the client's address.

use novasphere_core::OneOrMany;
use serde::Deserialize;

use super::{LimitBy, limits::WindowConfig};

/// Requests with limits, or a cost, of their own: all conditions that are given must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RuleConfig {
    /// Its name in metrics: letters, digits, `_` and `-`. Required, and not `default`.
    pub name: Option<String>,
    /// Their methods, at least one. Default: any.
    pub methods: Option<Vec<String>>,
    /// Their path. At most one of the three paths.
    pub path: Option<String>,
    /// Their path or the start of it, up to a `/`.
    pub path_prefix: Option<String>,
    /// Their path, `{name}` standing for one segment.
    pub path_template: Option<String>,
    /// Whether ASCII letters match in any case. Default false.
    pub ignore_case: bool,
    /// The name of the proxy's route they take.
    pub route: Option<String>,
    /// A claim of their token.
    pub claim: Option<ExpectedConfig>,
    /// A header of theirs.
    pub header: Option<ExpectedConfig>,
    /// What one of them counts, 1 or more. Default 1.
    pub cost: Option<u32>,
    /// They are not limited.
    pub unlimited: bool,
    /// Requests a second; with any of these, the rule counts by itself.
    pub second: Option<u32>,
    /// Requests a minute.
    pub minute: Option<u32>,
    /// Requests an hour.
    pub hour: Option<u32>,
    /// Requests a day.
    pub day: Option<u32>,
    /// Requests a month.
    pub month: Option<u32>,
    /// Requests a year.
    pub year: Option<u32>,
    /// Requests in a window of any length.
    pub window: Option<WindowConfig>,
    /// Whose requests are counted together. Default: as for the filter.
    pub limit_by: Option<OneOrMany<LimitBy>>,
    /// The header that identifies a client; with the rule's own `limit_by: header`.
    pub header_name: Option<String>,
    /// The claim that identifies a client; with the rule's own `limit_by: claim`.
    pub claim_name: Option<String>,
}

/// A name and the values it may have.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ExpectedConfig {
    /// The name. Required.
    pub name: Option<String>,
    /// The values, at least one.
    pub one_of: Vec<String>,
}

/// Some clients.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientsConfig {
    /// Their networks: `10.0.0.0/8`, `2001:db8::/32`, or single addresses.
    pub cidrs: Vec<String>,
    /// Their ids or user names, as jwt-auth names consumers.
    pub consumers: Vec<String>,
}

/// Where the client's address comes from.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientIpConfig {
    /// `connection`, as the proxy found it, or `forwarded_for`, the X-Forwarded-For header.
    pub from: AddressFrom,
    /// The place of the client's entry from the end of X-Forwarded-For, 1 to 16.
    pub trusted_hops: Option<u32>,
    /// The networks of the proxies in front: the last address that is not theirs is the client's.
    pub trusted_cidrs: Vec<String>,
    /// The bits of an IPv6 address that identify a client, 32 to 128.
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
#[serde(rename_all = "snake_case")]
pub(crate) enum AddressFrom {
    Connection,
    ForwardedFor,
}
