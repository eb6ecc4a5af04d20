//! Where shared counts are, as users write it.

use novasphere_core::{
    BuildContext, Capability, Endpoint, HeaderName, KeySource, Sensitive, header_value,
};
use serde::Deserialize;

use super::{Config, CountPolicy, MAX_CLIENTS};
use crate::{
    counter::charge::Terms,
    counter::redis::{BreakerTerms, Measures, OnError, Redis, Secret, body_start},
    limiter::{Limit, Limiter},
    metrics,
    rules::{Effect, Rule},
};

/// Redis, behind an HTTP form of it with Upstash's REST API.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["uri"])))]
pub struct RedisConfig {
    /// The URL that takes commands. Required.
    uri: Option<String>,
    /// The proxy's upstream for it. Default: host and port of the URL.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    cluster: Option<String>,
    /// Sent as `Authorization: Bearer <token>`. Default none.
    token: Option<Sensitive<KeySource>>,
    /// What keys are made with, the same in every proxy, so that nobody who reads them can try out
    /// whose they are. Default none.
    secret: Option<Sensitive<KeySource>>,
    /// How long a call may take, in milliseconds, 1 to 10000; a request waits for it. Default 200.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    timeout_ms: u32,
    /// What becomes of requests while Redis fails: `local`, they are counted in this proxy;
    /// `allow`, they pass; `deny`, they are refused, 503. Default `local`.
    on_error: OnErrorConfig,
    /// The share of every limit that holds in this proxy then, in percent, 1 to 100. Default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    local_share: Option<u32>,
    /// When no more calls are made for a while.
    breaker: BreakerConfig,
    /// Calls under way at most in one worker, 1 to 10000; requests beyond are treated as `on_error`
    /// says. Default 1000.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000)))]
    max_in_flight: u32,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            uri: None,
            cluster: None,
            token: None,
            secret: None,
            timeout_ms: 200,
            on_error: OnErrorConfig::Local,
            local_share: None,
            breaker: BreakerConfig::default(),
            max_in_flight: 1_000,
        }
    }
}

/// When no more calls are made for a while.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// After so many failures in a row, 1 to 100. Default 3.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    failures: u32,
    /// For so long, in milliseconds, 100 to 60000; then one request tries. Default 1000.
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 60_000)))]
    open_ms: u32,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self { failures: 3, open_ms: 1_000 }
    }
}

/// What becomes of requests while Redis fails.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum OnErrorConfig {
    Local,
    Allow,
    Deny,
}

/// How much of a client's limits a worker takes at a time.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct LeaseConfig {
    /// Percent of what is left of the tightest window, 1 to 50. Default 10.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    share: u32,
    /// Requests at most, 1 to 1000000. Default 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1_000_000)))]
    max: u32,
}

impl Default for LeaseConfig {
    fn default() -> Self {
        Self { share: 10, max: 100 }
    }
}

/// The terms of leases.
pub(super) fn lease(config: Option<LeaseConfig>, cx: &mut BuildContext<'_>) -> Option<Terms> {
    let LeaseConfig { share, max } = config?;
    within("lease.share", share, 1, 50, cx);
    within("lease.max", max, 1, 1_000_000, cx);
    Some(Terms { share, max })
}

/// Redis, if `policy` says so; the limiters learn what they need for it.
pub(super) fn redis(
    config: &Config,
    limiters: &mut [Limiter],
    rules: &[Rule],
    cx: &mut BuildContext<'_>,
) -> Option<Box<Redis>> {
    let wire = match (&config.policy, &config.redis) {
        (CountPolicy::Local, None) => return None,
        (CountPolicy::Local, Some(_)) => {
            cx.fault("redis", "has no effect without policy: redis");
            return None;
        }
        (CountPolicy::Redis, None) => {
            cx.fault("redis", "is required with policy: redis: at least its uri");
            return None;
        }
        (CountPolicy::Redis, Some(wire)) => wire,
    };
    if let Some(remedy) = cx.unsupported(Capability::Fetch) {
        cx.fault("policy", format!("cannot be redis here: {remedy}"));
    }
    wire.check_numbers(cx);
    wire.refuse_unused(config, cx);
    let endpoint = wire.endpoint(cx);
    let headers = wire.headers(cx);
    let secret = wire.secret(cx);
    for (place, limiter) in limiters.iter_mut().enumerate() {
        limiter.shared = secret.as_ref().map(|secret| secret.of(&limiter.namespace));
        if wire.on_error == OnErrorConfig::Local {
            let costs = rules.iter().map(|rule| rule.effect);
            let costs = costs.filter_map(|effect| effect.cost_under(place));
            limiter.fallback = fallback(
                &limiter.limits,
                wire.local_share.unwrap_or(100),
                costs.max().unwrap_or(1),
            );
        }
    }
    let endpoint = endpoint?;
    Some(Box::new(Redis {
        upstream: wire.cluster.clone().unwrap_or_else(|| endpoint.host_and_port()),
        endpoint,
        headers,
        timeout_ms: wire.timeout_ms,
        max_in_flight: usize::try_from(wire.max_in_flight).unwrap_or(usize::MAX),
        on_error: match wire.on_error {
            OnErrorConfig::Local => OnError::Local,
            OnErrorConfig::Allow => OnError::Allow,
            OnErrorConfig::Deny => OnError::Deny,
        },
        breaker: BreakerTerms { failures: wire.breaker.failures, open_ms: wire.breaker.open_ms },
        metrics: Measures(metrics::after_rules(rules)),
        body_start: body_start(),
    }))
}

/// So many percent of every limit, rounded up, and so much that the costliest request has room.
fn fallback(limits: &[Limit], share: u32, cost: u32) -> Vec<Limit> {
    let part = |limit: &Limit| {
        let part = (u64::from(limit.requests) * u64::from(share)).div_ceil(100);
        let part = u32::try_from(part).unwrap_or(u32::MAX).max(cost).min(limit.requests);
        Limit { requests: part, ..*limit }
    };
    limits.iter().map(part).collect()
}

fn within(path: &str, value: u32, least: u32, most: u32, cx: &mut BuildContext<'_>) {
    if !(least..=most).contains(&value) {
        cx.fault(path, format!("must be {least} to {most}, not {value}"));
    }
}

impl Effect {
    /// What it counts under the limiter at that place, if anything.
    fn cost_under(self, place: usize) -> Option<u32> {
        match self {
            Effect::Counts { limiter, cost } if limiter == place => Some(cost),
            _ => None,
        }
    }
}

impl RedisConfig {
    fn check_numbers(&self, cx: &mut BuildContext<'_>) {
        within("redis.timeout_ms", self.timeout_ms, 1, 10_000, cx);
        within("redis.local_share", self.local_share.unwrap_or(100), 1, 100, cx);
        within("redis.breaker.failures", self.breaker.failures, 1, 100, cx);
        within("redis.breaker.open_ms", self.breaker.open_ms, 100, 60_000, cx);
        within("redis.max_in_flight", self.max_in_flight, 1, 10_000, cx);
    }

    /// What is about counting here, where nothing is.
    fn refuse_unused(&self, config: &Config, cx: &mut BuildContext<'_>) {
        if self.on_error == OnErrorConfig::Local {
            return;
        }
        for (field, given) in [
            ("redis.local_share", self.local_share.is_some()),
            ("fault_tolerant", !config.fault_tolerant),
            ("max_clients", config.max_clients != MAX_CLIENTS),
        ] {
            if given {
                cx.fault(field, "has no effect with policy: redis without on_error: local");
            }
        }
    }

    fn endpoint(&self, cx: &mut BuildContext<'_>) -> Option<Endpoint> {
        if self.cluster.as_deref() == Some("") {
            cx.fault("redis.cluster", "is empty");
        }
        let Some(uri) = &self.uri else {
            cx.fault("redis.uri", "is required");
            return None;
        };
        let endpoint = Endpoint::parse(uri);
        if endpoint.is_none() {
            let message = format!("{uri:?} is no URL such as http://redis-http:8080/");
            cx.fault("redis.uri", message);
        }
        endpoint
    }

    fn headers(&self, cx: &mut BuildContext<'_>) -> Vec<(HeaderName, String)> {
        let json = (HeaderName::from_static("content-type"), "application/json".to_owned());
        let at = "redis.token";
        let token = self.token.as_ref().and_then(|token| token.0.read_secret(at, cx));
        let Some(token) = token else { return vec![json] };
        if token.is_empty() || header_value(token.as_bytes()).is_err() || token.contains(' ') {
            cx.fault(at, "must be a token of visible characters");
        }
        vec![json, (HeaderName::from_static("authorization"), format!("Bearer {token}"))]
    }

    fn secret(&self, cx: &mut BuildContext<'_>) -> Option<Secret> {
        let Some(Sensitive(text)) = &self.secret else { return Secret::new(b"") };
        let text = text.read_secret("redis.secret", cx)?;
        if text.len() < 16 {
            cx.fault("redis.secret", "is too short to be secret: 16 bytes or more");
        }
        Secret::new(text.as_bytes())
    }
}
