//! Asking Redis about a request, and what becomes of it.

use std::rc::Rc;

use novasphere_core::{CalloutResult, Decision, Env};

use super::{
    Asked, OnError, Redis, body,
    breaker::Changed,
    nonce,
    response::{self, Failure},
};
use crate::{
    RateLimit,
    counter::lease::cache::{Granted, Ruling, seconds},
    counter::local::Names,
    decision::{
        ALLOWED, BREAKER_CLOSED, BREAKER_OPENED, FALLBACK_ALLOWED, FALLBACK_LIMITED, LEASE_HIT,
        LIMITED, REDIS_CALLED, REFUSED_AS_KNOWN, STORE_FAILED_ALLOWED, STORE_FAILED_REFUSED,
    },
    filter::{Decided, Question, State, passed, refused},
    headers::Headroom,
    metrics,
};

impl RateLimit {
    /// Rules about a request with what is known, or asks.
    pub(crate) fn ask_redis<'f>(
        &'f self,
        redis: &'f Redis,
        question: Question,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        let Question { limiter: place, cost, .. } = question;
        let Some(limiter) = self.limiters.get(place) else { return passed(None, ALLOWED) };
        if state.redis.keys.is_empty() {
            let seed = env.random.bytes();
            state.redis.keys = self.limiters.iter().map(|limiter| limiter.keys(&seed)).collect();
        }
        let keys = state.redis.keys.get(place);
        let known_as = keys.map(|keys| keys.client(&question.identity)).unwrap_or_default();
        let now = env.clock.now();
        match state.known.rule(&known_as, &limiter.limits, cost, now.millis) {
            Some(Ruling::Allowed(counts)) => {
                env.metrics.count(LEASE_HIT);
                return passed(Some(Headroom::of(place, counts)), ALLOWED);
            }
            Some(Ruling::Refused(counts)) => {
                env.metrics.count(REFUSED_AS_KNOWN);
                return self.refuse(limiter, &Headroom::of(place, counts), cost, LIMITED);
            }
            None => {}
        }
        let alive = Rc::new(());
        if Rc::strong_count(&state.redis.in_flight) > redis.max_in_flight {
            return self.without_redis(redis, Failure::TooMany, &question, state, env);
        }
        if !state.redis.breaker.lets_ask(redis.breaker, &alive, now.millis) {
            return self.without_redis(redis, Failure::BreakerOpen, &question, state, env);
        }
        let take = state.known.take(&known_as, cost, self.lease, &alive, now.millis);
        let key = limiter.redis_key(&question.identity);
        let nonce = nonce(env);
        let body =
            body(&redis.body_start, &key, &nonce, &take, &limiter.limits, seconds(now.millis));
        let in_flight = Rc::clone(&state.redis.in_flight);
        let most = cost.saturating_add(take.lease.max);
        let asked =
            Asked { nonce, at: now, question, most, known_as, alive, _in_flight: in_flight };
        env.metrics.count(REDIS_CALLED);
        Decision::Call(redis.call(Rc::new(asked), body))
    }

    /// Decides about a request that was asked about.
    pub(crate) fn answered<'f>(
        &'f self,
        redis: &'f Redis,
        answer: CalloutResult<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        let Some(asked) = answer.ticket.downcast_ref::<Asked>() else {
            return refused(self.answers.failed(), STORE_FAILED_REFUSED);
        };
        let step = match self.learn(redis, asked, answer, state, env) {
            Ok(granted) => self.granted(asked, &granted),
            Err(failure) => self.without_redis(redis, failure, &asked.question, state, env),
        };
        if let Decision::Continue { reason, .. } | Decision::Respond { reason, .. } = &step {
            metrics::count(&self.rules, asked.question.rule, reason, env);
        }
        step
    }

    /// Takes an answer in, whether somebody waits for it or not.
    pub(crate) fn learn(
        &self,
        redis: &Redis,
        asked: &Asked,
        answer: CalloutResult<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Granted, Failure> {
        let Question { limiter: place, cost, .. } = asked.question;
        let limits = self.limiters.get(place).map_or(&[][..], |limiter| &limiter.limits);
        let now = env.clock.now().millis;
        let read = response::read(answer.response, &asked.nonce, limits.len());
        match read.and_then(|granted| asked.checked(granted)) {
            Ok(granted) => {
                redis.metrics.answered(now.saturating_sub(asked.at.millis), env);
                if state.redis.breaker.succeeded() == Changed::Closed {
                    env.metrics.count(BREAKER_CLOSED);
                    env.host.warn("Redis answers again");
                }
                state.known.learn(&asked.known_as, limits, cost, &granted, asked.at.millis);
                Ok(granted)
            }
            Err(failure) => {
                if state.redis.breaker.failed(redis.breaker, &asked.alive, now) == Changed::Opened {
                    env.metrics.count(BREAKER_OPENED);
                    env.host.warn(&told(failure, answer));
                }
                Err(failure)
            }
        }
    }

    fn granted<'f>(&'f self, asked: &Asked, granted: &Granted) -> Decided<'f> {
        let Question { limiter: place, cost, .. } = asked.question;
        let Some(limiter) = self.limiters.get(place) else { return passed(None, ALLOWED) };
        let mut headroom = Headroom::of(place, granted.counts);
        if granted.taken == 0 {
            return self.refuse(limiter, &headroom, cost, LIMITED);
        }
        let lease = granted.taken.saturating_sub(cost);
        headroom.counts = headroom.counts.map(|count| count.saturating_sub(lease));
        passed(Some(headroom), ALLOWED)
    }

    /// Decides as `on_error` says.
    fn without_redis<'f>(
        &'f self,
        redis: &'f Redis,
        failure: Failure,
        question: &Question,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        redis.metrics.failed(failure, env);
        match redis.on_error {
            OnError::Local => {
                let names = Names { allowed: FALLBACK_ALLOWED, limited: FALLBACK_LIMITED };
                self.ask_table(question, None, names, state, env)
            }
            OnError::Allow => passed(None, STORE_FAILED_ALLOWED),
            OnError::Deny => {
                let seconds = redis.breaker.open_ms.div_ceil(1_000);
                refused(self.answers.unavailable(seconds), STORE_FAILED_REFUSED)
            }
        }
    }
}

impl Asked {
    /// What was granted, if it can have been.
    fn checked(&self, granted: Granted) -> Result<Granted, Failure> {
        let taken = granted.taken;
        let can_be = taken == 0 || (self.question.cost..=self.most).contains(&taken);
        if can_be { Ok(granted) } else { Err(Failure::Unreadable) }
    }
}

/// What the operator is told, once until Redis answers again.
fn told(failure: Failure, answer: CalloutResult<'_>) -> String {
    const MOST_BYTES: usize = 200;
    let detail = match answer.response {
        Err(error) => error.to_string(),
        Ok(response) => {
            let start = response.body.get(..MOST_BYTES).unwrap_or(response.body);
            format!("status {}: {:?}", response.status, String::from_utf8_lossy(start))
        }
    };
    format!("Redis fails ({}), and is left alone for a while: {detail}", failure.name())
}
