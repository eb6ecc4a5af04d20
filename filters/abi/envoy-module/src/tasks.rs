//! The work of a configuration apart from requests: its timer and its fetches. All on the main thread.

use std::{rc::Rc, sync::Arc, time::Duration};

use novasphere_core::{Fetch, FetchError, FetchResponse, Filter, TimerActions};

use crate::{
    config::Config,
    exports::CallEnd,
    host::ConfigHandle,
    request::CallResponse,
    worker::{NoQueues, Worker},
};

/// The maximum number of fetches that a filter can start in response to failed ones.
const MAX_RETRIES: usize = 64;

/// The delay of the timer's work after a panic.
const AFTER_PANIC: Duration = Duration::from_secs(1);

/// The tasks of a configuration during an event.
pub(crate) struct Tasks<'c, F: Filter> {
    config: &'c Config<F>,
    /// The main thread has a state of the filter too.
    main: Rc<Worker<F>>,
    handle: &'c ConfigHandle,
}

impl<'c, F: Filter + 'static> Tasks<'c, F> {
    pub(crate) fn new(config: &'c Arc<Config<F>>, handle: &'c ConfigHandle) -> Self {
        Self { config, main: Worker::on_main_thread(config), handle }
    }

    /// The filter's work is due.
    pub(crate) fn on_timer(&self) {
        let actions = self
            .main
            .with_env((self.handle, None), &NoQueues, None, None, |filter, state, env| {
                filter.on_timer(state, env)
            })
            .unwrap_or_default();
        let again = actions.again_in_ms;
        self.carry_out(actions);
        let again = again.map(|millis| Duration::from_millis(u64::from(millis.max(1))));
        self.config.waiters.work_in(again);
    }

    /// Asks for the timer's work again. Without it, a panic would end the refresh of keys.
    pub(crate) fn retry_after_panic(config: &Config<F>) {
        config.waiters.work_in(Some(AFTER_PANIC));
    }

    /// A fetch ended.
    pub(crate) fn on_fetched(&self, callout: u64, end: &CallEnd<'_>) {
        let Some(fetch) = self.config.fetches.take(callout) else { return };
        let read = CallResponse::read(end, fetch.max_body);
        let response = read.as_ref().map(CallResponse::response).map_err(|error| *error);
        self.carry_out(self.fetched(fetch.purpose, response));
    }

    /// The configuration ends, and Envoy cancels its fetches.
    pub(crate) fn abandon_fetches(config: &Arc<Config<F>>) {
        if config.fetches.forget() {
            let main = Worker::on_main_thread(config);
            main.with_env_at_end(|filter, state, env| filter.abandon_fetches(state, env));
        }
    }

    /// Starts fetches. If one cannot be sent, the filter learns of it and may start others.
    fn carry_out(&self, actions: TimerActions) {
        let TimerActions { mut fetches, mut wake, .. } = actions;
        for _ in 0..MAX_RETRIES.saturating_add(fetches.len()) {
            let Some(fetch) = fetches.pop() else { break };
            let actions = self.send(&fetch);
            wake |= actions.wake;
            fetches.extend(actions.fetches);
        }
        if wake {
            self.config.announce_news();
        }
    }

    fn send(&self, fetch: &Fetch) -> TimerActions {
        match self.config.fetches.send(self.handle, fetch) {
            Ok(()) => TimerActions::default(),
            Err(error) => self.fetched(fetch.purpose, Err(error)),
        }
    }

    fn fetched(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
    ) -> TimerActions {
        self.main
            .with_env((self.handle, None), &NoQueues, None, None, |filter, state, env| {
                filter.on_fetch(purpose, response, state, env)
            })
            .unwrap_or_default()
    }
}
