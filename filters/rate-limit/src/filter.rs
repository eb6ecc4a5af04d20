//! The filter as data, and how it decides.

use novasphere_core::{
    BuildContext, CalloutResult, Decision, Env, Filter, HeaderInterest, HeaderMutation,
    LocalResponse, MetricDefinition, RequestHead, ResponseHead, TimerActions, UnixTime,
};

use crate::{
    client::address::{ClientAddress, Lookup, UNUSABLE},
    client::identity::{FELL_BACK_TO_CONSTANT, FELL_BACK_TO_IP, Otherwise, Part, Who},
    client::lists::Clients,
    config::{self, Config},
    counter::charge::Terms,
    counter::lease::cache::Known,
    counter::local::Names,
    counter::local::slots::Slots,
    counter::redis::{self, OnError, Redis},
    decision::{
        ALLOWED, AMBIGUOUS_PATH, BREAKER_CLOSED, BREAKER_OPENED, DENIED, EVICTED, EXEMPT,
        FALLBACK_ALLOWED, FALLBACK_LIMITED, LEASE_HIT, LIMITED, NOT_LIMITED, OVERFLOWED, RACED,
        REDIS_CALLED, REFUSED_AS_KNOWN, REPORTED, REPORTED_ATTRIBUTE, STORE_FAILED_ALLOWED,
        STORE_FAILED_REFUSED, UNRESOLVED_ALLOWED, UNRESOLVED_REFUSED,
    },
    headers::{self, Headroom, decimal},
    limiter::{Keys, Limiter},
    local_response::{Answers, RETRY_AFTER},
    metrics,
    rules::{self, Ambiguous, Effect, Rule},
};

/// The rate-limit filter, configured.
#[derive(Debug)]
pub struct RateLimit {
    /// The filter's own limits, if it has any, then those of its rules.
    pub(crate) limiters: Vec<Limiter>,
    /// The first that is for a request decides.
    pub(crate) rules: Vec<Rule>,
    /// For requests that no rule is for.
    pub(crate) otherwise: Effect,
    pub(crate) address: ClientAddress,
    pub(crate) allow: Clients,
    pub(crate) deny: Clients,
    pub(crate) slots: Slots,
    pub(crate) max_clients: u32,
    pub(crate) fault_tolerant: bool,
    pub(crate) report_only: bool,
    pub(crate) answers: Answers,
    pub(crate) request_headers: HeaderInterest,
    /// An upstream's rate-limit headers.
    pub(crate) response_headers: HeaderInterest,
    /// Where counts are, if not in this proxy.
    pub(crate) redis: Option<Box<Redis>>,
    /// How much of a client's limits a worker takes at a time, if not just what a request counts.
    pub(crate) lease: Option<Terms>,
}

/// What one worker remembers.
#[derive(Default)]
pub struct State {
    /// Of each limiter the keys of its fingerprints, once they are there.
    pub(crate) keys: Vec<Keys>,
    pub(crate) known: Known,
    pub(crate) redis: redis::State,
    /// When the table was looked at.
    looked: UnixTime,
}

/// A decision about a request.
pub(crate) type Decided<'f> = Decision<'f, Option<Headroom>>;

/// What is asked about a request.
pub(crate) struct Question {
    /// The rule that is for it.
    pub(crate) rule: Option<usize>,
    /// The place of the limiter.
    pub(crate) limiter: usize,
    pub(crate) cost: u32,
    /// The bytes that identify the client.
    pub(crate) identity: Vec<u8>,
}

impl Filter for RateLimit {
    const NAME: &'static str = "rate-limit";
    const REASONS: &'static [&'static str] = &[
        ALLOWED,
        NOT_LIMITED,
        EXEMPT,
        LIMITED,
        DENIED,
        AMBIGUOUS_PATH,
        UNRESOLVED_ALLOWED,
        UNRESOLVED_REFUSED,
        STORE_FAILED_ALLOWED,
        STORE_FAILED_REFUSED,
        FALLBACK_ALLOWED,
        FALLBACK_LIMITED,
    ];
    const EVENTS: &'static [&'static str] = &[
        FELL_BACK_TO_IP,
        FELL_BACK_TO_CONSTANT,
        UNUSABLE,
        EVICTED,
        OVERFLOWED,
        RACED,
        REPORTED,
        LEASE_HIT,
        REFUSED_AS_KNOWN,
        REDIS_CALLED,
        BREAKER_OPENED,
        BREAKER_CLOSED,
    ];
    type Config = Config;
    type State = State;
    type Carry = Option<Headroom>;

    fn metric_definitions(&self) -> Vec<MetricDefinition> {
        let table = self.uses_table().then_some(self.max_clients);
        metrics::names(&self.rules, table, self.redis.is_some())
    }

    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self {
        config::into_filter(config, cx)
    }

    fn request_headers(&self) -> &HeaderInterest {
        &self.request_headers
    }

    fn response_headers(&self) -> &HeaderInterest {
        &self.response_headers
    }

    fn uses_timer(&self) -> bool {
        self.uses_table()
    }

    fn uses_shared_data(&self) -> bool {
        self.uses_table()
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, Self::Carry> {
        let step = match (&self.redis, env.callout) {
            (Some(redis), Some(answer)) => self.answered(redis, answer, state, env),
            _ => self.decide(head, state, env),
        };
        match step {
            Decision::Respond { reason, .. } if self.report_only => {
                env.metrics.count(REPORTED);
                env.attributes.set(REPORTED_ATTRIBUTE, reason.as_bytes());
                passed(None, reason)
            }
            // Limits that are not enforced yet are nothing to clients.
            Decision::Continue { reason, .. } if self.report_only => passed(None, reason),
            step => step,
        }
    }

    fn on_response<'f>(
        &'f self,
        carry: Self::Carry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let Some(headroom) = carry else { return Vec::new() };
        let Some(limiter) = self.limiters.get(headroom.limiter) else { return Vec::new() };
        limiter.headers.on_response(&limiter.limits, &headroom, head)
    }

    fn on_orphaned_callout(&self, answer: CalloutResult<'_>, state: &mut State, env: &Env<'_>) {
        if let (Some(redis), Some(asked)) = (&self.redis, answer.ticket.downcast_ref()) {
            // What is of use to other requests.
            let _ = self.learn(redis, asked, answer, state, env);
        }
    }

    fn on_timer(&self, state: &mut State, env: &Env<'_>) -> TimerActions {
        let now = env.clock.now();
        // Hosts and chains may ask more often.
        if now.millis.abs_diff(state.looked.millis) >= u64::from(metrics::EVERY_MS) {
            state.looked = now;
            let before = if self.redis.is_some() { redis::metrics::COUNT } else { 0 };
            let gauge = metrics::after_rules(&self.rules) + before;
            metrics::look_at_table(gauge, self.slots, env);
        }
        TimerActions { again_in_ms: Some(metrics::EVERY_MS), ..TimerActions::default() }
    }
}

impl RateLimit {
    /// Whether it trusts the headers in which jwt-auth names consumer and credential.
    pub fn trusts_identity_headers(&self) -> bool {
        let of_identity = |part: &Part| matches!(part, Part::Consumer | Part::Credential);
        self.limiters.iter().any(|limiter| limiter.identity.parts.iter().any(of_identity))
            || [&self.allow, &self.deny].iter().any(|list| !list.consumers.is_empty())
    }

    fn decide<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        let address = Lookup::new(&self.address, head, env);
        if self.deny.include(head, &address) {
            return refused(self.answers.forbidden(), DENIED);
        }
        if self.allow.include(head, &address) {
            return passed(None, EXEMPT);
        }
        let rest_is_limited = self.otherwise != Effect::Unlimited;
        let rule = match rules::first(&self.rules, rest_is_limited, head, env) {
            Ok(rule) => rule,
            Err(Ambiguous) => return refused(self.answers.ambiguous(), AMBIGUOUS_PATH),
        };
        let effect = rule.and_then(|rule| self.rules.get(rule)).map(|rule| rule.effect);
        let effect = effect.unwrap_or(self.otherwise);
        let step = self.apply(effect, rule, head, &address, state, env);
        if let Decision::Continue { reason, .. } | Decision::Respond { reason, .. } = &step {
            metrics::count(&self.rules, rule, reason, env);
        }
        step
    }

    fn apply<'f>(
        &'f self,
        effect: Effect,
        rule: Option<usize>,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        let Effect::Counts { limiter: place, cost } = effect else {
            return passed(None, NOT_LIMITED);
        };
        let Some(limiter) = self.limiters.get(place) else { return passed(None, NOT_LIMITED) };
        let identity = match limiter.identity.of(head, address, env) {
            Who::Client(client) => client,
            Who::NotLimited => return passed(None, NOT_LIMITED),
            Who::Unresolved(Otherwise::Deny) => {
                return refused(self.answers.forbidden(), UNRESOLVED_REFUSED);
            }
            Who::Unresolved(_) => return passed(None, UNRESOLVED_ALLOWED),
        };
        let question = Question { rule, limiter: place, cost, identity };
        match &self.redis {
            Some(redis) => self.ask_redis(redis, question, state, env),
            None => {
                let names = Names { allowed: ALLOWED, limited: LIMITED };
                self.ask_table(&question, self.lease, names, state, env)
            }
        }
    }

    /// Whether anything is counted in this proxy.
    fn uses_table(&self) -> bool {
        self.redis.as_ref().is_none_or(|redis| redis.on_error == OnError::Local)
    }

    pub(crate) fn refuse<'f>(
        &'f self,
        limiter: &'f Limiter,
        headroom: &Headroom,
        cost: u32,
        reason: &'static str,
    ) -> Decided<'f> {
        let limits = &limiter.limits;
        let mut lines = limiter.headers.on_refusal(limits, headroom);
        lines.push((&RETRY_AFTER, decimal(headers::retry_after(limits, headroom, cost))));
        let violated: Vec<String> = headers::left(limits, headroom)
            .filter(|left| left.remaining < cost)
            .filter_map(|left| Some(headers::policy(&limiter.name, *limits.get(left.limit)?)))
            .collect();
        refused(self.answers.limited(lines, &violated), reason)
    }
}

pub(crate) fn passed<'f>(carry: Option<Headroom>, reason: &'static str) -> Decided<'f> {
    Decision::Continue { mutations: Vec::new(), carry, reason }
}

pub(crate) fn refused<'f>(response: LocalResponse<'f>, reason: &'static str) -> Decided<'f> {
    Decision::Respond { mutations: Vec::new(), response, reason }
}
