//! [`LeasedCounter`] adds leases to the table.

use novasphere_core::Env;

use super::leases::Leases;
use crate::{
    config::LeaseConfig,
    counter::{
        count::{Count, CountRequest, Counted, Counter},
        local::{LocalCounter, LocalState},
    },
    metrics::Event,
};

/// The time between two returns, in milliseconds. A little less than the second after which every
/// lease has returned, because timers may be late.
const RETURN_EVERY_MS: u64 = 900;

/// Counts in the table of this proxy, with leases.
#[derive(Debug)]
pub(crate) struct LeasedCounter {
    table: LocalCounter,
    /// The size of a lease for the clients of each limiter. `None` to count each request.
    sizes: Vec<Option<LeaseConfig>>,
}

/// The memory of one worker.
#[derive(Default)]
pub(crate) struct LeasedState {
    local: LocalState,
    leases: Leases,
}

impl LeasedState {
    /// The state of the table.
    pub(crate) fn local_state(&mut self) -> &mut LocalState {
        &mut self.local
    }
}

impl LeasedCounter {
    /// `sizes` has one item per limiter.
    pub(crate) fn new(table: LocalCounter, sizes: Vec<Option<LeaseConfig>>) -> Self {
        Self { table, sizes }
    }

    pub(crate) fn table(&self) -> &LocalCounter {
        &self.table
    }

    /// Gives back the unused parts of all leases, about once a second. Returns when to call it again,
    /// in milliseconds.
    pub(crate) fn on_timer(&self, state: &mut LeasedState, env: &Env<'_>) -> u32 {
        let now = env.clock.now().millis;
        if state.leases.begin_period(now) {
            state.leases.take_rests(|limiter, client, rest| {
                self.table.give_back(limiter, client, rest, env);
            });
            let hits = state.leases.take_hits();
            if hits > 0 {
                env.metrics.add(Event::LeaseHit.name(), hits);
            }
        }
        // An early call, for another filter of a chain, must not delay the return.
        let left = RETURN_EVERY_MS.saturating_sub(state.leases.age(now));
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// `None` if the table cannot count the request.
    fn counted(
        &self,
        request: &CountRequest,
        size: LeaseConfig,
        state: &mut LeasedState,
        env: &Env<'_>,
    ) -> Option<Counted> {
        let client = self.table.client(request, &mut state.local, env)?;
        let (limiter, cost) = (request.limiter, request.cost);
        let (fingerprint, now) = (&client.fingerprint, env.clock.now().millis);
        if let Some(counts) = state.leases.spend(fingerprint, cost, now) {
            return Some(Counted { counts, fallback: false, refused: None });
        }
        let charge = state.leases.charge(fingerprint, limiter, cost, size, now);
        let grant = self.table.charge(&client, &charge, env)?;
        state.leases.learn(fingerprint, client.limits(), cost, &grant, now);
        Some(client.counted(cost, &grant))
    }
}

impl Counter for LeasedCounter {
    type State = LeasedState;

    fn count<'f>(
        &'f self,
        request: CountRequest,
        state: &mut LeasedState,
        env: &Env<'_>,
    ) -> Count<'f> {
        match self.sizes.get(request.limiter) {
            Some(Some(size)) => {
                let counted = self.counted(&request, *size, state, env);
                counted.map_or_else(|| self.table.failed(), Count::Done)
            }
            Some(None) | None => self.table.count(request, &mut state.local, env),
        }
    }
}
