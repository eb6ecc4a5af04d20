//! The configuration as users write it.

mod client;
mod lease;
mod limits;
mod redis;
mod rules;
#[cfg(feature = "schema")]
pub(crate) mod schema;

#[cfg(feature = "schema")]
use novasphere_core::schema::{ATTRIBUTE, QUOTABLE, TOKEN};
use novasphere_core::{ConfigObject, ErrorFormat, OneOrMany};
use serde::Deserialize;

pub(crate) use self::{
    client::{AddressFrom, ClientIpConfig, ClientsConfig, LimitBy, OnUnresolved, Scope},
    lease::{Lease, LeaseConfig},
    limits::{MAX_WINDOW_SECONDS, WindowConfig},
    redis::{BreakerConfig, OnError, RedisConfig},
    rules::{ExpectedConfig, RuleConfig},
};

/// The configuration of the rate-limit filter. Field names and defaults follow Kong's rate-limiting
/// plugin unless stated otherwise.
#[derive(Debug, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = schema::limits_something())))]
pub struct Config {
    /// Requests per second, from 1. At least one limit is required, here or in a rule. Several
    /// limits apply together. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10])))]
    pub second: Option<u32>,
    /// Requests per minute, from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [300])))]
    pub minute: Option<u32>,
    /// Requests per hour, from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10000])))]
    pub hour: Option<u32>,
    /// Requests per day (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [100000])))]
    pub day: Option<u32>,
    /// Requests per calendar month (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [1000000])))]
    pub month: Option<u32>,
    /// Requests per calendar year (UTC), from 1. Default: no limit.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [10000000])))]
    pub year: Option<u32>,
    /// Requests per window of another length. Default: no limit.
    pub window: Option<WindowConfig>,
    /// Which requests count together: a name, or a list of names that are combined. Default: `ip`.
    /// Kong's default is `consumer`, but an identity from headers is only as reliable as what sets
    /// them.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["consumer", ["consumer", "service"]])))]
    pub limit_by: OneOrMany<LimitBy>,
    /// The header that identifies a client. Required with `limit_by: header`. `Host` is compared as
    /// with `limit_by: host`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = TOKEN)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["x-api-key"])))]
    pub header_name: Option<String>,
    /// The limited path, compared byte for byte, without the query. Required with `limit_by: path`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^/[^?#]*$")))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["/login"])))]
    pub path: Option<String>,
    /// The claim that identifies a client. In a gateway, its path. Elsewhere, the name of an
    /// attribute in `claims_to_attributes` of jwt-auth. Required with `limit_by: claim`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = ATTRIBUTE)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["tenant"])))]
    pub claim_name: Option<String>,
    /// What to do if a part of the identity is missing. Default: `ip`.
    pub on_unresolved: OnUnresolved,
    /// Which routes share the counts: all, or only requests of one route or one service. Default:
    /// `global`.
    pub scope: Scope,
    /// How to find the client address. Default: the address of the connection.
    pub client_ip: ClientIpConfig,
    /// Other limits, or another cost, for some requests. The first matching rule applies. Default:
    /// none.
    pub rules: Vec<RuleConfig>,
    /// Clients without limits. Default: none.
    pub allow: ClientsConfig,
    /// Clients whose requests are rejected with 403. Takes precedence over `allow`. Default: none.
    pub deny: ClientsConfig,
    /// Where requests are counted: `local`, in this proxy, shared by its workers; `redis`, shared by
    /// all proxies that use the same Redis. Default: `local`.
    pub policy: CountPolicy,
    /// Redis. Required with `policy: redis`.
    pub redis: Option<RedisConfig>,
    /// Lets a worker take part of a client's remaining quota in advance, so that most requests need
    /// no look-up: `true`, `false`, or the size of a lease. With `policy: local`, leases are only
    /// taken while more than half of every window is left. Default: with `policy: local`, leases for
    /// clients whose limits are all 10,000 or more; otherwise none.
    pub lease: Option<Lease>,
    /// Whether requests pass uncounted if the proxy's shared data fails. Otherwise they are
    /// rejected with 500. Default: true.
    pub fault_tolerant: bool,
    /// The form of the headers. Default: `kong`.
    pub headers: Option<HeaderForm>,
    /// Same as `headers: none`. Default: false.
    pub hide_client_headers: bool,
    /// Status of a request over a limit, 400 to 599. Default: 429.
    #[cfg_attr(feature = "schema", schemars(range(min = 400, max = 599)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [503])))]
    pub error_code: u16,
    /// The `message` in the body of a rejection. Default: `API rate limit exceeded`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["Too many requests"])))]
    pub error_message: String,
    /// The form of the body. Default: `kong`.
    pub error_format: ErrorFormat,
    /// The body, JSON with `$status` and `$message`. Required with `error_format: template`.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["{\"status\": $status, \"error\": \"$message\"}"])))]
    pub error_template: Option<String>,
    /// Counts but rejects nothing. Default: false.
    pub report_only: bool,
    /// Distinguishes limiters. Limiters with the same limits, identity and name share their counts.
    /// Default: empty.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = QUOTABLE)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["api"])))]
    pub name: String,
    /// The number of clients counted exactly at the same time, 1,024 to 16,777,216. All limiters
    /// with the same value share one table. A full table takes 280 to 550 bytes per client. Default:
    /// 65,536.
    #[cfg_attr(feature = "schema", schemars(range(min = 1_024, max = 16_777_216)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [262144])))]
    pub max_clients: u32,
}

/// The default of `max_clients`.
pub(crate) const MAX_CLIENTS: u32 = 65_536;

impl Default for Config {
    fn default() -> Self {
        Self {
            second: None,
            minute: None,
            hour: None,
            day: None,
            month: None,
            year: None,
            window: None,
            limit_by: OneOrMany(vec![LimitBy::Ip]),
            header_name: None,
            path: None,
            claim_name: None,
            on_unresolved: OnUnresolved::Ip,
            scope: Scope::default(),
            client_ip: ClientIpConfig::default(),
            rules: Vec::new(),
            allow: ClientsConfig::default(),
            deny: ClientsConfig::default(),
            policy: CountPolicy::Local,
            redis: None,
            lease: None,
            fault_tolerant: true,
            headers: None,
            hide_client_headers: false,
            error_code: 429,
            error_message: "API rate limit exceeded".to_owned(),
            error_format: ErrorFormat::default(),
            error_template: None,
            report_only: false,
            name: String::new(),
            max_clients: MAX_CLIENTS,
        }
    }
}

/// The place of the counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum CountPolicy {
    Local,
    Redis,
}

/// The form of the headers: `kong`, as Kong's plugin; `ietf`, as
/// draft-ietf-httpapi-ratelimit-headers; or `none`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum HeaderForm {
    Kong,
    Ietf,
    None,
}
