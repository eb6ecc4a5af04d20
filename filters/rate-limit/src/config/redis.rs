//! Redis.

use novasphere_core::{ConfigObject, KeySource, Sensitive};
use serde::Deserialize;

/// Redis, behind an HTTP front end with Upstash's REST API.
#[derive(Debug, ConfigObject)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["uri"])))]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"uri": "http://redis-front:8080", "token": {"env": "REDIS_TOKEN"}}])))]
pub struct RedisConfig {
    /// The URL that accepts commands. Required.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["http://redis-front:8080"])))]
    pub uri: Option<String>,
    /// The proxy's upstream for it. Default: host and port of the URL.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = ["redis-front"])))]
    pub cluster: Option<String>,
    /// Sent as `Authorization: Bearer <token>`. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"env": "REDIS_TOKEN"}])))]
    pub token: Option<Sensitive<KeySource>>,
    /// The key for hashing client identities, 16 bytes or more, the same in all proxies. Without it,
    /// a reader of the Redis keys can test guesses of identities. Default: none.
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [{"env": "REDIS_KEY_SECRET"}])))]
    pub secret: Option<Sensitive<KeySource>>,
    /// The time limit of a call in milliseconds, 1 to 10,000. The request waits for the call.
    /// Default: 200.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [50])))]
    pub timeout_ms: u32,
    /// What to do while Redis fails: `local`, count in this proxy; `allow`, let requests pass;
    /// `deny`, reject them with 503. Default: `local`.
    pub on_error: OnError,
    /// The percentage of every limit that this proxy allows while Redis fails, 1 to 100. Default:
    /// 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [25])))]
    pub local_share: Option<u32>,
    /// When calls stop for a while. Default: after 3 failures, for a second.
    pub breaker: BreakerConfig,
    /// The maximum number of concurrent calls of one worker, 1 to 10,000. Further requests follow
    /// `on_error`. Default: 1000.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [200])))]
    pub max_in_flight: u32,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            uri: None,
            cluster: None,
            token: None,
            secret: None,
            timeout_ms: 200,
            on_error: OnError::Local,
            local_share: None,
            breaker: BreakerConfig::default(),
            max_in_flight: 1_000,
        }
    }
}

/// When calls stop for a while.
#[derive(Clone, Copy, Debug, ConfigObject, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("examples" = [{"failures": 5, "open_ms": 2000}])))]
pub struct BreakerConfig {
    /// The number of failures in a row after which calls stop, 1 to 100. Default: 3.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [5])))]
    pub failures: u32,
    /// How long calls stop, in milliseconds, 100 to 60,000. Then one request probes. Default: 1000.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 60_000)))]
    #[cfg_attr(feature = "schema", schemars(extend("examples" = [2000])))]
    pub open_ms: u32,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 3, open_ms: 1_000 }
    }
}

/// The action while Redis fails.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    Local,
    Allow,
    Deny,
}
