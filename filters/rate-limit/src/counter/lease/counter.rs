//! [`LeasedCounter`] adds leases to the table.

use std::rc::Rc;

use novasphere_core::Env;

use super::cache::LeaseCache;
use crate::{
    config::LeaseConfig,
    counter::{
        count::{Count, CountRequest, Counted, Counter},
        local::{LocalCounter, LocalState},
    },
    metrics::Event,
};

/// Counts in the table of this proxy, with leases.
#[derive(Debug)]
pub(crate) struct LeasedCounter {
    table: LocalCounter,
    lease: LeaseConfig,
}

/// The memory of one worker.
#[derive(Default)]
pub(crate) struct LeasedState {
    local: LocalState,
    leases: LeaseCache,
}

impl LeasedCounter {
    pub(crate) fn new(table: LocalCounter, lease: LeaseConfig) -> Self {
        Self { table, lease }
    }

    pub(crate) fn table(&self) -> &LocalCounter {
        &self.table
    }

    /// `None` if the table cannot count the request.
    fn counted(
        &self,
        request: &CountRequest,
        state: &mut LeasedState,
        env: &Env<'_>,
    ) -> Option<Counted> {
        let client = self.table.client(request, &mut state.local, env)?;
        let (cost, now) = (request.cost, env.clock.now().millis);
        let fingerprint = &client.fingerprint;
        if let Some(verdict) = state.leases.verdict(fingerprint, client.limits(), cost, now) {
            env.metrics.count(Event::LeaseHit.name());
            return Some(verdict.into_counted(|| client.fingerprint));
        }
        let charge = state.leases.charge(fingerprint, cost, Some(self.lease), &Rc::new(()), now);
        let grant = self.table.charge(&client, &charge, env)?;
        if grant.leased(cost) > 0 {
            state.leases.learn(fingerprint, client.limits(), cost, &grant, now);
        }
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
        let counted = self.counted(&request, state, env);
        counted.map_or_else(|| self.table.failed(), Count::Done)
    }
}
