//! From `policy`, `redis` and `lease` to a counter.

use novasphere_core::{BuildContext, Capability, Endpoint, HeaderName, Sensitive, header_value};

use super::range::within;
use crate::{
    config::{Config, CountPolicy, Lease, LeaseConfig, MAX_CLIENTS, OnError, RedisConfig},
    counter::{
        CounterKind, KeySecret, LeasedCounter, LocalCounter, LocalLimits, OnFailure, RedisCounter,
        RedisLimits, Script, Slots, Upstream,
    },
    limiter::{Limiter, namespace},
    metrics::{Metrics, RedisMetrics},
    rules::{Effect, Rule},
    window::Limit,
};

/// The lowest limit of a client that gets leases by default.
const LEASED_FROM: u32 = 10_000;

/// Whether requests may be counted in this proxy.
pub(super) fn uses_table(config: &Config) -> bool {
    let on_error = config.redis.as_ref().map(|redis| redis.on_error);
    config.policy == CountPolicy::Local || on_error == Some(OnError::Local)
}

#[cold]
pub(super) fn counter(
    config: &Config,
    limiters: &[Limiter],
    rules: &[Rule],
    metrics: &Metrics,
    cx: &mut BuildContext<'_>,
) -> CounterKind {
    let redis = redis(config, limiters, rules, metrics.redis(), cx);
    let lease = lease(config.lease, cx);
    if let Some(redis) = redis {
        return CounterKind::Redis(Box::new(RedisCounter { lease, ..redis }));
    }
    // Without a timer, an idle worker would keep its leases until their windows end.
    let returns_leases = cx.workers_have_timers();
    let lease_size = |limiter: &Limiter| match config.lease {
        _ if !returns_leases => None,
        Some(_) => lease,
        None => has_high_limits(limiter).then(LeaseConfig::default),
    };
    let lease_sizes: Vec<_> = limiters.iter().map(lease_size).collect();
    let limits = |limiter: &Limiter| LocalLimits::new(key_text(limiter), limiter.limits.clone());
    let table = table(config, limiters.iter().map(limits).collect());
    if lease_sizes.iter().any(Option::is_some) {
        CounterKind::Leased(LeasedCounter::new(table, lease_sizes))
    } else {
        CounterKind::Local(table)
    }
}

fn table(config: &Config, limits: Vec<LocalLimits>) -> LocalCounter {
    let slots = Slots::for_clients(config.max_clients.clamp(1_024, 16_777_216));
    LocalCounter::new(slots, limits, config.fault_tolerant)
}

fn key_text(limiter: &Limiter) -> Vec<u8> {
    namespace(&limiter.name, &limiter.limits, &limiter.identity)
}

/// Whether the default is to lease: all leases together are a small part of the limits.
fn has_high_limits(limiter: &Limiter) -> bool {
    limiter.limits.iter().all(|limit| limit.requests >= LEASED_FROM)
}

/// The configured size of a lease.
#[cold]
fn lease(config: Option<Lease>, cx: &mut BuildContext<'_>) -> Option<LeaseConfig> {
    let Lease::On(config) = config? else { return None };
    within("lease.share", config.share, (1, 50), " percent", cx);
    within("lease.max", config.max, (1, 1_000_000), "", cx);
    Some(config)
}

/// The counter in Redis, without leases. `None` with `policy: local` and after a fault.
#[cold]
fn redis(
    config: &Config,
    limiters: &[Limiter],
    rules: &[Rule],
    metrics: RedisMetrics,
    cx: &mut BuildContext<'_>,
) -> Option<RedisCounter> {
    let redis = match (config.policy, &config.redis) {
        (CountPolicy::Local, None) => return None,
        (CountPolicy::Local, Some(_)) => {
            cx.fault("redis", "has no effect without policy: redis");
            return None;
        }
        (CountPolicy::Redis, None) => {
            cx.fault("redis", "is required with policy: redis; set at least redis.uri");
            return None;
        }
        (CountPolicy::Redis, Some(redis)) => redis,
    };
    if let Some(remedy) = cx.unsupported(Capability::Fetch) {
        cx.fault("policy", format!("must not be redis on this proxy: {remedy}"));
    }
    check_numbers(redis, cx);
    refuse_unused(redis, config, cx);
    let endpoint = endpoint(redis, cx);
    let headers = headers(redis, cx);
    let secret = secret(redis, cx)?;
    let endpoint = endpoint?;
    let limits = limiters
        .iter()
        .map(|limiter| RedisLimits::new(limiter.limits.clone(), key_text(limiter), &secret));
    Some(RedisCounter {
        upstream: Upstream {
            name: redis.cluster.clone().unwrap_or_else(|| endpoint.host_and_port()),
            endpoint,
            headers,
            timeout_ms: redis.timeout_ms,
        },
        max_in_flight: usize::try_from(redis.max_in_flight).unwrap_or(usize::MAX),
        breaker: redis.breaker,
        lease: None,
        on_failure: match redis.on_error {
            OnError::Local => OnFailure::Local(fallback(redis, config, limiters, rules)),
            OnError::Allow => OnFailure::Allow,
            OnError::Deny => OnFailure::Deny,
        },
        limits: limits.collect(),
        script: Script::new(),
        metrics,
    })
}

/// The table that counts while Redis fails, under a share of the limits.
fn fallback(
    redis: &RedisConfig,
    config: &Config,
    limiters: &[Limiter],
    rules: &[Rule],
) -> LocalCounter {
    let percent = redis.local_share.unwrap_or(100);
    let limits = limiters.iter().enumerate().map(|(index, limiter)| {
        let costs = rules.iter().filter_map(|rule| match rule.effect {
            Effect::Counts { limiter, cost } if limiter == index => Some(cost),
            Effect::Counts { .. } | Effect::Unlimited => None,
        });
        let share = share_of(&limiter.limits, percent, costs.max().unwrap_or(1));
        LocalLimits::share_of(limiter.limits.clone(), key_text(limiter), share)
    });
    table(config, limits.collect())
}

/// `percent` of every limit, rounded up, and at least the highest `cost`.
fn share_of(limits: &[Limit], percent: u32, cost: u32) -> Vec<Limit> {
    let share = |limit: &Limit| {
        let share = (u64::from(limit.requests) * u64::from(percent)).div_ceil(100);
        let share = u32::try_from(share).unwrap_or(u32::MAX).max(cost).min(limit.requests);
        Limit { requests: share, ..*limit }
    };
    limits.iter().map(share).collect()
}

#[cold]
fn check_numbers(redis: &RedisConfig, cx: &mut BuildContext<'_>) {
    let (millis, percent) = (" milliseconds", " percent");
    within("redis.timeout_ms", redis.timeout_ms, (1, 10_000), millis, cx);
    within("redis.local_share", redis.local_share.unwrap_or(100), (1, 100), percent, cx);
    within("redis.breaker.failures", redis.breaker.failures, (1, 100), "", cx);
    within("redis.breaker.open_ms", redis.breaker.open_ms, (100, 60_000), millis, cx);
    within("redis.max_in_flight", redis.max_in_flight, (1, 10_000), "", cx);
}

/// Rejects fields for counting in this proxy if nothing is counted there.
#[cold]
fn refuse_unused(redis: &RedisConfig, config: &Config, cx: &mut BuildContext<'_>) {
    if redis.on_error == OnError::Local {
        return;
    }
    for (field, given) in [
        ("redis.local_share", redis.local_share.is_some()),
        ("fault_tolerant", !config.fault_tolerant),
        ("max_clients", config.max_clients != MAX_CLIENTS),
    ] {
        if given {
            cx.fault(field, "has no effect with policy: redis without redis.on_error: local");
        }
    }
}

#[cold]
fn endpoint(redis: &RedisConfig, cx: &mut BuildContext<'_>) -> Option<Endpoint> {
    if let Some(Err(fault)) = redis.cluster.as_deref().map(Endpoint::check_upstream) {
        cx.fault("redis.cluster", fault);
    }
    let Some(uri) = &redis.uri else {
        cx.fault("redis.uri", "is required");
        return None;
    };
    let endpoint = Endpoint::parse(uri);
    if endpoint.is_none() {
        cx.fault("redis.uri", Endpoint::fault("http://redis-http:8080/"));
    }
    endpoint
}

#[cold]
fn headers(redis: &RedisConfig, cx: &mut BuildContext<'_>) -> Vec<(HeaderName, String)> {
    let json = (HeaderName::from_static("content-type"), "application/json".to_owned());
    let path = "redis.token";
    let token = redis.token.as_ref().and_then(|token| token.0.read_secret(path, cx));
    let Some(token) = token else { return vec![json] };
    if token.is_empty() || header_value(token.as_bytes()).is_err() || token.contains(' ') {
        cx.fault(path, "must be visible characters without spaces");
    }
    vec![json, (HeaderName::from_static("authorization"), format!("Bearer {token}"))]
}

#[cold]
fn secret(redis: &RedisConfig, cx: &mut BuildContext<'_>) -> Option<KeySecret> {
    let Some(Sensitive(text)) = &redis.secret else { return KeySecret::new(b"") };
    let text = text.read_secret("redis.secret", cx)?;
    if text.len() < 16 {
        cx.fault("redis.secret", "must be 16 bytes or more");
    }
    KeySecret::new(text.as_bytes())
}
