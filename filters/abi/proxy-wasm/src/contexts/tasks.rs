//! The work of a root context apart from requests: its timer and its fetches.

use std::rc::Rc;

use novasphere_core::{Clock, Fetch, FetchError, FetchResponse, Filter, TimerActions};

use super::{http, root::RootContext};
use crate::{
    calls,
    fetches::{Fetches, PendingFetch},
    hostcalls,
    pending::Waiting,
};

/// The tasks of a root context during a callback.
pub(crate) struct Tasks<'c, F: Filter> {
    pub(crate) id: u32,
    pub(crate) root: Rc<RootContext<F>>,
    pub(crate) fetches: &'c Fetches,
}

/// The maximum number of fetches that a filter can start in response to failed ones.
const MAX_RETRIES: usize = 64;

impl<F: Filter + 'static> Tasks<'_, F> {
    /// The timer fired.
    pub(crate) fn on_tick(&self) {
        let dialect = &self.root.proxy.root;
        if !dialect.timer_is_due(&self.root.proxy) {
            self.root.flush_metrics();
            dialect.keep_timer();
            return;
        }
        let actions = self
            .root
            .with_env(&Waiting::<()>::Nowhere, None, None, |filter, state, env| {
                filter.on_timer(state, env)
            })
            .unwrap_or_default();
        let wake = self.send(actions.fetches) || actions.wake;
        self.wake(wake);
        // After the work, so that its own metrics do not need another call of the timer.
        self.root.flush_metrics();
        dialect.schedule_timer(actions.again_in_ms, !self.root.pending.is_empty());
    }

    /// A fetch ended. Its response has `lines` header lines and `body` bytes.
    pub(crate) fn on_fetch(&self, fetch: &PendingFetch, lines: usize, body: usize) {
        let read = calls::read_response(self.root.proxy.dialect, lines, body, fetch.max_body);
        let actions = match &read {
            Ok((map, body)) => self.fetched(fetch.purpose, Ok(calls::response(map, body))),
            Err(error) => self.fetched(fetch.purpose, Err(*error)),
        };
        let wake = self.send(actions.fetches) || actions.wake;
        self.wake(wake);
    }

    /// The configuration ends. Its fetches are forgotten.
    pub(crate) fn abandon_fetches(&self) {
        let had_fetches = self.fetches.forget(self.id);
        // Elsewhere, the host keeps an old configuration and its fetches, or the worker ends.
        if had_fetches && self.root.proxy.dialect.traits().shares_data_at_load {
            self.root.with_env(&Waiting::<()>::Nowhere, None, None, |filter, state, env| {
                filter.abandon_fetches(state, env);
            });
        }
    }

    /// Sends fetches. If one cannot be sent, the filter learns of it and may start others. Returns
    /// whether to wake the paused requests.
    fn send(&self, mut fetches: Vec<Fetch>) -> bool {
        let mut wake = false;
        for _ in 0..MAX_RETRIES.saturating_add(fetches.len()) {
            let Some(fetch) = fetches.pop() else { break };
            if let Err(error) = self.fetches.send(self.id, &fetch) {
                let actions = self.fetched(fetch.purpose, Err(error));
                wake |= actions.wake;
                fetches.extend(actions.fetches);
            }
        }
        wake
    }

    fn fetched(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
    ) -> TimerActions {
        self.root
            .with_env(&Waiting::<()>::Nowhere, None, None, |filter, state, env| {
                filter.on_fetch(purpose, response, state, env)
            })
            .unwrap_or_default()
    }

    /// Decides again about all paused requests, or only about those at their time limit.
    fn wake(&self, all: bool) {
        let root = &*self.root;
        if root.pending.is_empty() {
            return;
        }
        let now = root.proxy.now();
        let mut paused = Vec::new();
        for mut request in root.pending.take() {
            let in_time = !request.limit.is_over(now);
            paused.extend(if all || !in_time {
                http::decide_again(root, request, in_time)
            } else {
                Some(request)
            });
        }
        root.pending.put_back(paused);
        let _ = hostcalls::set_effective_context(self.id);
    }
}
