//! Counting in this proxy, in the table that its workers share.

pub(crate) mod slots;
pub(crate) mod table;

use std::rc::Rc;

use novasphere_core::{Change, Env, SharedDataError};

use crate::{
    RateLimit,
    counter::charge::{Take, Terms},
    counter::lease::cache::{Counts, Granted, Ruling},
    counter::local::slots::key,
    counter::local::table::{Fingerprint, Pressure, Verdict},
    decision::{
        EVICTED, LEASE_HIT, NOT_LIMITED, OVERFLOWED, RACED, STORE_FAILED_ALLOWED,
        STORE_FAILED_REFUSED,
    },
    filter::{Decided, Question, State, passed, refused},
    headers::Headroom,
    limiter::Limiter,
};

/// What a decision is called.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    pub(crate) allowed: &'static str,
    pub(crate) limited: &'static str,
}

impl RateLimit {
    /// Decides by the counts of this proxy. With `lease` a worker takes more than the request's
    /// cost, and rules about the next ones by itself.
    pub(crate) fn ask_table<'f>(
        &'f self,
        question: &Question,
        lease: Option<Terms>,
        names: Names,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decided<'f> {
        let Question { limiter: place, cost, .. } = *question;
        let Some(limiter) = self.limiters.get(place) else { return passed(None, NOT_LIMITED) };
        let headroom = |counts| Headroom::of(place, counts);
        match self.look_up(limiter, question, lease, state, env) {
            Ok(Some(Ruling::Allowed(counts))) => passed(Some(headroom(counts)), names.allowed),
            Ok(Some(Ruling::Refused(counts))) => {
                self.refuse(limiter, &headroom(counts), cost, names.limited)
            }
            Ok(None) | Err(_) if self.fault_tolerant => passed(None, STORE_FAILED_ALLOWED),
            Ok(None) | Err(_) => refused(self.answers.failed(), STORE_FAILED_REFUSED),
        }
    }

    /// `None` when the table has no place for the client.
    fn look_up(
        &self,
        limiter: &Limiter,
        question: &Question,
        lease: Option<Terms>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Option<Ruling>, SharedDataError> {
        if state.keys.is_empty() {
            let seed = slots::seed(env)?;
            state.keys = self.limiters.iter().map(|limiter| limiter.keys(&seed)).collect();
        }
        let Question { limiter: place, cost, .. } = *question;
        let keys = state.keys.get(place).copied().ok_or(SharedDataError::Contended)?;
        let client = keys.client(&question.identity);
        let now = env.clock.now().millis;
        let mut take = Take::only(cost);
        if lease.is_some() {
            if let Some(ruling) = state.known.rule(&client, &limiter.limits, cost, now) {
                env.metrics.count(LEASE_HIT);
                return Ok(Some(ruling));
            }
            take = state.known.take(&client, cost, lease, &Rc::new(()), now);
        }
        let limits = limiter.table_limits();
        let seconds = u32::try_from(now / 1_000).unwrap_or(u32::MAX);
        let change =
            |slot: &mut Vec<u8>| table::admit(slot, client, keys.overflow, limits, &take, seconds);
        let Some(verdict) = self.update(&client, change, env)? else { return Ok(None) };
        let Verdict { taken, counts, now: second, .. } = verdict;
        // Not before the client's last request.
        let at = now.max(u64::from(second) * 1_000);
        let granted = Granted { taken, counts: Counts { counts, at } };
        if taken > cost {
            state.known.learn(&client, limits, cost, &granted, now);
        }
        let lease = taken.saturating_sub(cost);
        let counts = limiter.as_told(counts.map(|count| count.saturating_sub(lease)));
        let counts = Counts { counts, at };
        Ok(Some(if taken > 0 { Ruling::Allowed(counts) } else { Ruling::Refused(counts) }))
    }

    fn update(
        &self,
        client: &Fingerprint,
        mut admit: impl FnMut(&mut Vec<u8>) -> Verdict,
        env: &Env<'_>,
    ) -> Result<Option<Verdict>, SharedDataError> {
        let [a, b, c, d, ..] = *client;
        let slot = self.slots.at(u32::from_le_bytes([a, b, c, d]));
        let mut lost = 0_u32;
        let verdict = env.shared_data.update(&key(slot), |value| {
            let verdict = admit(value);
            lost = lost.saturating_add(1);
            (if verdict.changed { Change::Write } else { Change::Keep }, verdict)
        })?;
        if lost > 1 {
            env.metrics.add(RACED, lost - 1);
        }
        match verdict.pressure {
            Pressure::None => {}
            Pressure::Evicted => env.metrics.count(EVICTED),
            Pressure::Overflowed => env.metrics.count(OVERFLOWED),
            Pressure::Lost => {
                env.metrics.count(OVERFLOWED);
                return Ok(None);
            }
        }
        Ok(Some(verdict))
    }
}
