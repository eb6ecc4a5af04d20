//! Counters of requests.
//!
//! A [`Counter`] counts a request in all windows of its client, or in none. [`CounterKind`] selects
//! one of three:
//!
//! - `local`: the table that all workers of this proxy share;
//! - `lease`: the same table, of which workers take the quota of busy clients in advance;
//! - `redis`: counts that several proxies share, with or without leases.

mod charge;
mod count;
mod fingerprint;
mod lease;
mod local;
mod redis;

use novasphere_core::{CalloutResult, Env};

pub(crate) use self::{
    count::{Completed, Count, CountRequest, Counted, Counter, Failed},
    fingerprint::Fingerprint,
    lease::LeasedCounter,
    local::{LocalCounter, LocalLimits, Slots},
    redis::{KeySecret, OnFailure, RedisCounter, RedisLimits, Script, Upstream},
};
use self::{lease::LeasedState, local::LocalState, redis::RedisState};

/// The configured counter.
#[derive(Debug)]
pub(crate) enum CounterKind {
    Local(LocalCounter),
    Leased(LeasedCounter),
    Redis(Box<RedisCounter>),
}

/// The memory of one worker. Only the part of the configured counter is in use.
#[derive(Default)]
pub(crate) struct CounterState {
    local: LocalState,
    leased: LeasedState,
    redis: RedisState,
}

impl Counter for CounterKind {
    type State = CounterState;

    fn count<'f>(
        &'f self,
        request: CountRequest,
        state: &mut CounterState,
        env: &Env<'_>,
    ) -> Count<'f> {
        match self {
            Self::Local(counter) => counter.count(request, &mut state.local, env),
            Self::Leased(counter) => counter.count(request, &mut state.leased, env),
            Self::Redis(counter) => counter.count(request, &mut state.redis, env),
        }
    }

    fn complete<'f>(
        &'f self,
        result: CalloutResult<'_>,
        state: &mut CounterState,
        env: &Env<'_>,
    ) -> Option<Completed<'f>> {
        match self {
            Self::Local(_) | Self::Leased(_) => None,
            Self::Redis(counter) => counter.complete(result, &mut state.redis, env),
        }
    }

    fn learn(&self, result: CalloutResult<'_>, state: &mut CounterState, env: &Env<'_>) {
        match self {
            Self::Local(_) | Self::Leased(_) => {}
            Self::Redis(counter) => counter.learn(result, &mut state.redis, env),
        }
    }
}

impl CounterKind {
    /// Sets the counts of a client in this proxy, for tools: `used` for each window, `None` to keep
    /// it. Redis keeps its own counts.
    pub(crate) fn assume(
        &self,
        request: &CountRequest,
        used: &[Option<u32>],
        state: &mut CounterState,
        env: &Env<'_>,
    ) {
        match self {
            Self::Local(table) => table.assume(request, used, &mut state.local, env),
            Self::Leased(counter) => {
                let state = state.leased.local_state();
                counter.table().assume(request, used, state, env);
            }
            Self::Redis(_) => {}
        }
    }

    /// Does the work of the timer. Returns when to call it again, in milliseconds, if it has any.
    pub(crate) fn on_timer(&self, state: &mut CounterState, env: &Env<'_>) -> Option<u32> {
        match self {
            Self::Leased(counter) => Some(counter.on_timer(&mut state.leased, env)),
            Self::Local(_) | Self::Redis(_) => None,
        }
    }

    /// Whether the timer returns leases to the table.
    pub(crate) fn has_leases(&self) -> bool {
        matches!(self, Self::Leased(_))
    }

    /// A text for the place of the counts. Limiters that count in different places share no counts.
    pub(crate) fn store(&self) -> String {
        // Tables with the same number of slots are one table.
        let local = |table: &LocalCounter| format!("local {}", table.slots().count());
        match self {
            Self::Local(table) => local(table),
            Self::Leased(counter) => local(counter.table()),
            Self::Redis(counter) => format!("redis {:?}", counter.upstream.name),
        }
    }

    /// The table of this proxy. `None` if nothing is counted in this proxy.
    pub(crate) fn table(&self) -> Option<&LocalCounter> {
        match self {
            Self::Local(counter) => Some(counter),
            Self::Leased(counter) => Some(counter.table()),
            Self::Redis(counter) => counter.fallback(),
        }
    }
}
