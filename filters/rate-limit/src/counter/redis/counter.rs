//! [`RedisCounter`] counts in Redis.

use std::rc::Rc;

use novasphere_core::{CalloutResult, Env, UnixTime};

use super::{
    breaker::{Breaker, Transition},
    command::Script,
    key::KeySecret,
    lease_cache::{CachedVerdict, LeaseCache},
    response,
    upstream::Upstream,
};
use crate::{
    config::{BreakerConfig, LeaseConfig},
    counter::{
        charge::Grant,
        count::{Completed, Count, CountRequest, Counted, Counter, Failed},
        fingerprint::{Fingerprint, fingerprint},
        local::{LocalCounter, LocalState},
    },
    metrics::{Event, RedisFailure, RedisMetrics},
    window::{Limit, seconds},
};

/// Counts in Redis.
#[derive(Debug)]
pub(crate) struct RedisCounter {
    pub(crate) upstream: Upstream,
    /// The maximum number of pending calls of one worker.
    pub(crate) max_in_flight: usize,
    pub(crate) breaker: BreakerConfig,
    pub(crate) lease: Option<LeaseConfig>,
    pub(crate) on_failure: OnFailure,
    /// The limits of each limiter.
    pub(crate) limits: Vec<RedisLimits>,
    pub(crate) script: Script,
    pub(crate) metrics: RedisMetrics,
}

/// The action for a request that Redis does not count.
#[derive(Debug)]
pub(crate) enum OnFailure {
    /// Count it in this proxy.
    Local(LocalCounter),
    Allow,
    Deny,
}

/// The limits of one limiter in Redis.
#[derive(Debug)]
pub(crate) struct RedisLimits {
    limits: Vec<Limit>,
    namespace: Vec<u8>,
    key: KeySecret,
}

impl RedisLimits {
    pub(crate) fn new(limits: Vec<Limit>, namespace: Vec<u8>, secret: &KeySecret) -> Self {
        let key = secret.for_namespace(&namespace);
        Self { limits, namespace, key }
    }
}

/// The memory of one worker.
#[derive(Default)]
pub(crate) struct RedisState {
    breaker: Breaker,
    /// Each pending call holds a clone.
    in_flight: Rc<()>,
    /// The key of each limiter's clients in `leases`. Empty until the first request.
    cache_keys: Vec<[u8; 16]>,
    leases: LeaseCache,
    fallback: LocalState,
}

/// A pending call, returned with its result.
struct PendingCount {
    request: CountRequest,
    nonce: String,
    called_at: UnixTime,
    /// The maximum amount Redis may take.
    max: u32,
    /// The client in `leases`.
    client: Fingerprint,
    /// Dropped with the call.
    alive: Rc<()>,
    /// A clone of `in_flight`.
    _in_flight: Rc<()>,
}

impl PendingCount {
    /// `grant`, if it is one that the script can return.
    fn checked(&self, grant: Grant) -> Result<Grant, RedisFailure> {
        let taken = grant.taken;
        let is_possible = taken == 0 || (self.request.cost..=self.max).contains(&taken);
        if is_possible { Ok(grant) } else { Err(RedisFailure::Unreadable) }
    }
}

impl Counter for RedisCounter {
    type State = RedisState;

    fn count<'f>(
        &'f self,
        request: CountRequest,
        state: &mut RedisState,
        env: &Env<'_>,
    ) -> Count<'f> {
        let Some(limits) = self.limits.get(request.limiter) else {
            return Count::Failed(Failed::Allow);
        };
        let client = self.cached_client(&request, state, env);
        let (cost, now) = (request.cost, env.clock.now());
        if let Some(verdict) = state.leases.verdict(&client, &limits.limits, cost, now.millis) {
            let event = match verdict {
                CachedVerdict::Allowed(_) => Event::LeaseHit,
                CachedVerdict::Refused(_) => Event::RefusedAsKnown,
            };
            env.metrics.count(event.name());
            let client = || limits.key.key(request.client.as_bytes());
            return Count::Done(verdict.into_counted(client));
        }
        if Rc::strong_count(&state.in_flight) > self.max_in_flight {
            return self.without_redis(RedisFailure::TooMany, &request, state, env);
        }
        let alive = Rc::new(());
        if !state.breaker.allows_call(self.breaker, &alive, now.millis) {
            return self.without_redis(RedisFailure::BreakerOpen, &request, state, env);
        }
        let charge = state.leases.charge(&client, cost, self.lease, &alive, now.millis);
        let key = limits.key.key(request.client.as_bytes());
        let nonce = nonce(env);
        let now_seconds = seconds(now.millis);
        let command = self.script.command(&key, &nonce, &charge, &limits.limits, now_seconds);
        let pending = PendingCount {
            request,
            nonce,
            called_at: now,
            max: cost.saturating_add(charge.lease.max),
            client,
            alive,
            _in_flight: Rc::clone(&state.in_flight),
        };
        env.metrics.count(Event::RedisCalled.name());
        Count::Call(Box::new(self.upstream.call(Rc::new(pending), command)))
    }

    fn complete<'f>(
        &'f self,
        result: CalloutResult<'_>,
        state: &mut RedisState,
        env: &Env<'_>,
    ) -> Option<Completed<'f>> {
        let Some(pending) = result.ticket.downcast_ref::<PendingCount>() else {
            let count = Count::Failed(Failed::SharedData);
            return Some(Completed { rule: None, limiter: 0, cost: 1, count });
        };
        let CountRequest { rule, limiter, cost, .. } = pending.request;
        let count = match self.grant(pending, result, state, env) {
            Ok(grant) => Count::Done(self.counted(&pending.request, &grant)),
            Err(failure) => self.without_redis(failure, &pending.request, state, env),
        };
        Some(Completed { rule, limiter, cost, count })
    }

    fn learn(&self, result: CalloutResult<'_>, state: &mut RedisState, env: &Env<'_>) {
        if let Some(pending) = result.ticket.downcast_ref() {
            // Other requests of the client can use the lease.
            let _ = self.grant(pending, result, state, env);
        }
    }
}

impl RedisCounter {
    /// The table of this proxy, if requests are counted there while Redis fails.
    pub(crate) fn fallback(&self) -> Option<&LocalCounter> {
        match &self.on_failure {
            OnFailure::Local(table) => Some(table),
            OnFailure::Allow | OnFailure::Deny => None,
        }
    }

    fn counted(&self, request: &CountRequest, grant: &Grant) -> Counted {
        let refused = (grant.taken == 0).then(|| self.hash(request));
        Counted { counts: grant.used(request.cost), fallback: false, refused }
    }

    /// The keyed hash of the request's client, the same in every proxy.
    fn hash(&self, request: &CountRequest) -> Fingerprint {
        let limits = self.limits.get(request.limiter);
        limits.map(|limits| limits.key.key(request.client.as_bytes())).unwrap_or_default()
    }

    /// The key of the request's client in the lease cache.
    fn cached_client(
        &self,
        request: &CountRequest,
        state: &mut RedisState,
        env: &Env<'_>,
    ) -> Fingerprint {
        if state.cache_keys.is_empty() {
            let seed = env.random.bytes();
            let keys = self.limits.iter().map(|limits| fingerprint(&seed, &limits.namespace));
            state.cache_keys = keys.collect();
        }
        let key = state.cache_keys.get(request.limiter);
        key.map(|key| fingerprint(key, request.client.as_bytes())).unwrap_or_default()
    }

    /// Reads the result of a call. Updates breaker and leases.
    fn grant(
        &self,
        pending: &PendingCount,
        result: CalloutResult<'_>,
        state: &mut RedisState,
        env: &Env<'_>,
    ) -> Result<Grant, RedisFailure> {
        let CountRequest { limiter, cost, .. } = pending.request;
        let limits = self.limits.get(limiter).map_or(&[][..], |limits| &limits.limits);
        let now = env.clock.now().millis;
        let called_at = pending.called_at.millis;
        let grant = response::read(result.response, &pending.nonce, limits.len());
        match grant.and_then(|grant| pending.checked(grant)) {
            Ok(grant) => {
                self.metrics.count_response(now.saturating_sub(called_at), env);
                if state.breaker.succeeded() == Transition::Closed {
                    env.metrics.count(Event::BreakerClosed.name());
                    env.host.warn("Redis responds again");
                }
                state.leases.learn(&pending.client, limits, cost, &grant, called_at);
                Ok(grant)
            }
            Err(failure) => {
                let transition = state.breaker.failed(self.breaker, &pending.alive, now);
                if transition == Transition::Opened {
                    env.metrics.count(Event::BreakerOpened.name());
                    env.host.warn(&self.warning(failure, result));
                }
                Err(failure)
            }
        }
    }

    /// Decides as `on_error` says.
    fn without_redis<'f>(
        &'f self,
        failure: RedisFailure,
        request: &CountRequest,
        state: &mut RedisState,
        env: &Env<'_>,
    ) -> Count<'f> {
        self.metrics.count_failure(failure, env);
        match &self.on_failure {
            OnFailure::Local(table) => {
                match table.count_without_lease(request, &mut state.fallback, env) {
                    Count::Done(counted) => {
                        // Use the hash from Redis, so that a client has one hash in the log.
                        let refused = counted.refused.map(|_| self.hash(request));
                        Count::Done(Counted { fallback: true, refused, ..counted })
                    }
                    other => other,
                }
            }
            OnFailure::Allow => Count::Failed(Failed::Allow),
            OnFailure::Deny => {
                let retry_after = self.breaker.open_ms.div_ceil(1_000);
                Count::Failed(Failed::Redis { retry_after })
            }
        }
    }

    /// The warning when the breaker opens. Logged once until Redis responds again.
    fn warning(&self, failure: RedisFailure, result: CalloutResult<'_>) -> String {
        const MAX_BYTES: usize = 200;
        let detail = match result.response {
            Err(error) => error.to_string(),
            Ok(response) => {
                let start = response.body.get(..MAX_BYTES).unwrap_or(response.body);
                format!("status {}: {:?}", response.status, String::from_utf8_lossy(start))
            }
        };
        let (kind, pause) = (failure.name(), self.breaker.open_ms);
        format!("Redis failed ({kind}); no calls for {pause} ms: {detail}")
    }
}

/// A random nonce. The response must echo it.
fn nonce(env: &Env<'_>) -> String {
    let [a, b, c, d, e, f, g, h, ..] = env.random.bytes();
    format!("{:016x}", u64::from_le_bytes([a, b, c, d, e, f, g, h]))
}
