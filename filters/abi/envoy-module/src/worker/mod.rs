//! The state of a filter on one thread of Envoy.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use novasphere_core::{CalloutResult, Env, Filter, PendingQueues};

use crate::{
    config::{Config, Envoy, MetricSink, Waiter},
    host::{StreamHandle, StreamScheduler},
};

mod env;
mod queues;
mod verify;

pub(crate) use self::{
    env::Call,
    queues::{NoQueues, Place, Queues},
};

/// A filter on one thread: a worker, or the main thread, which fetches.
pub(crate) struct Worker<F: Filter> {
    pub(crate) config: Arc<Config<F>>,
    pub(crate) envoy: Envoy,
    /// The requests of this worker that wait.
    pub(crate) queues: Rc<Queues>,
    state: RefCell<F::State>,
    next_work: Cell<NextWork>,
}

/// When the filter's work on a worker is due. Envoy has no timers for modules, so it runs before a
/// request.
#[derive(Clone, Copy, Default)]
struct NextWork {
    /// In milliseconds since the epoch. 0 before the first time.
    at: u64,
    /// The delay in milliseconds with which `at` was set.
    in_ms: u64,
    /// The news that the worker has seen.
    news: u64,
}

impl NextWork {
    /// More time than asked for means that the wall clock was set back.
    fn is_due(self, now: u64, news: u64) -> bool {
        news != self.news || now >= self.at || self.at.saturating_sub(now) > self.in_ms
    }
}

thread_local! {
    /// The filters on this thread, by the number of their configuration.
    static WORKERS: RefCell<Vec<(u64, Rc<dyn Any>)>> = const { RefCell::new(Vec::new()) };
}

impl<F: Filter + 'static> Worker<F> {
    /// The worker that runs on this thread.
    pub(crate) fn current(config: &Arc<Config<F>>) -> Rc<Self> {
        Self::find(config, Envoy::worker(F::NAME))
    }

    /// The filter on the main thread, which this usually is. A configuration may end on another
    /// thread, which then gets a new state without leases of fetches.
    pub(crate) fn on_main_thread(config: &Arc<Config<F>>) -> Rc<Self> {
        Self::find(config, Envoy::main(F::NAME))
    }

    fn find(config: &Arc<Config<F>>, envoy: Envoy) -> Rc<Self> {
        let found = WORKERS.with_borrow(|workers| {
            let (_, worker) = workers.iter().find(|(id, _)| *id == config.id)?;
            Rc::clone(worker).downcast().ok()
        });
        found.unwrap_or_else(|| Self::create(config, envoy))
    }

    #[cold]
    fn create(config: &Arc<Config<F>>, envoy: Envoy) -> Rc<Self> {
        let worker = Rc::new(Self {
            config: Arc::clone(config),
            envoy,
            queues: Rc::default(),
            state: RefCell::default(),
            next_work: Cell::default(),
        });
        let mut ended = Vec::new();
        WORKERS.with_borrow_mut(|workers| {
            let is_over = |worker: &Rc<dyn Any>| {
                worker.downcast_ref::<Self>().is_none_or(|worker| worker.config.is_over())
            };
            ended.extend(workers.extract_if(.., |(_, worker)| is_over(worker)));
            workers.push((config.id, Rc::<Self>::clone(&worker)));
        });
        drop(ended);
        worker
    }
}

impl<F: Filter> Worker<F> {
    /// Calls the filter with its state and the host. `stream`, `callout` and `ticket` belong to a
    /// request. `None` if the host calls during another call of the filter.
    pub(crate) fn with_env<'f, T>(
        &'f self,
        (sink, stream): (&dyn MetricSink, Option<&StreamHandle>),
        pending: &dyn PendingQueues,
        callout: Option<CalloutResult<'_>>,
        ticket: Option<&Rc<dyn Any>>,
        run: impl FnOnce(&'f F, &mut F::State, &Env<'_>) -> T,
    ) -> Option<T> {
        let mut state = self.state.try_borrow_mut().ok()?;
        let call = Call::new(self, sink, stream);
        Some(run(&self.config.filter, &mut state, &call.env(pending, callout, ticket)))
    }

    /// Calls the filter when a stream or the configuration ends. Metrics wait for the next request,
    /// because Envoy's hooks for an end name no object that takes them. Does nothing during another
    /// call of the filter.
    pub(crate) fn with_env_at_end(&self, run: impl FnOnce(&F, &mut F::State, &Env<'_>)) {
        let Ok(mut state) = self.state.try_borrow_mut() else { return };
        let call = Call::at_end(self);
        run(&self.config.filter, &mut state, &call.env(&NoQueues, None, None));
    }

    /// Does the filter's work apart from requests if it is due. Workers start no fetches.
    pub(crate) fn catch_up(&self, state: &mut F::State, env: &Env<'_>) {
        if !self.config.uses_timer {
            return;
        }
        let (now, news) = (env.clock.now().millis, self.config.news());
        if !self.next_work.get().is_due(now, news) {
            return;
        }
        let actions = self.config.filter.on_timer(state, env);
        let in_ms = actions.again_in_ms.map_or(u64::MAX, |millis| u64::from(millis.max(1)));
        self.next_work.set(NextWork { at: now.saturating_add(in_ms), in_ms, news });
    }

    /// Adds a request that waits, after the filter decided so.
    pub(crate) fn add_waiter(&self, scheduler: StreamScheduler, limit: Duration) -> Waiter {
        let waiter = self.config.waiters.add(scheduler, limit);
        // The main thread may have announced news after the filter looked for it, and before the
        // request was added. Then it woke only the other requests, and may never wake this one.
        if self.config.news() != self.next_work.get().news {
            waiter.wake();
        }
        waiter
    }

    /// See [`Filter::responder`]. `None` during a call of the filter.
    pub(crate) fn responder(&self) -> Option<&'static str> {
        self.state.try_borrow().ok().map(|state| F::responder(&state))
    }

    /// Starts with an empty state again, because a panic may have left it half changed.
    #[cold]
    pub(crate) fn reset_state(&self) {
        let old = self.state.try_borrow_mut().ok().map(|mut state| std::mem::take(&mut *state));
        drop(old);
        self.next_work.set(NextWork::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_due_in_time_after_news_and_after_the_clock_was_set_back() {
        assert!(NextWork::default().is_due(1, 0));
        let next = NextWork { at: 2_000, in_ms: 1_000, news: 3 };
        assert!(!next.is_due(1_000, 3) && !next.is_due(1_999, 3));
        assert!(next.is_due(2_000, 3) && next.is_due(1_500, 4) && next.is_due(999, 3));
    }
}
