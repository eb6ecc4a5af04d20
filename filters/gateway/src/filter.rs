//! The chain as a filter.

use novasphere_core::{
    BuildContext, CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, HeaderInterest,
    HeaderMutation, MetricDefinition, RequestHead, ResponseHead, TimerActions,
};

use crate::{
    attribute_cache::AttributeCache,
    build, callouts,
    chain::{ChainCarry, Continued, Gateway},
    config::Config,
    entry::{ChainEntry, States},
    entry_env::EntryEnv,
    local_response,
};

/// The capacity reserved for the mutations of a response. Most responses have fewer.
const USUAL_MUTATIONS: usize = 16;

impl Filter for Gateway {
    const NAME: &'static str = "gateway";
    /// Each filter counts its own decisions.
    const REASONS: &'static [&'static str] = &[];
    type Config = Config;
    type State = States;
    type Carry = ChainCarry;

    fn metric_definitions(&self) -> Vec<MetricDefinition> {
        self.definitions.clone()
    }

    fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
        Self::new(build::build(config, cx))
    }

    fn request_headers(&self) -> &HeaderInterest {
        &self.request_headers
    }

    fn response_headers(&self) -> &HeaderInterest {
        &self.response_headers
    }

    fn uses_timer(&self) -> bool {
        self.entries.iter().any(ChainEntry::uses_timer)
    }

    fn uses_shared_data(&self) -> bool {
        self.entries.iter().any(ChainEntry::uses_shared_data)
    }

    fn responder(states: &States) -> &'static str {
        states.responder
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Decision<'f, ChainCarry> {
        let attributes = AttributeCache::new(env.attributes);
        let shared = Env { attributes: &attributes, ..*env };
        let mut continued = Vec::with_capacity(self.entries.len());
        match self.decide_from(0, head, states, &shared, &mut continued) {
            Decision::Continue { mutations, carry: (), reason } => {
                self.count(&continued, env);
                Decision::Continue { mutations, carry: ChainCarry(continued), reason }
            }
            Decision::Pause { queue, until } => Decision::Pause { queue, until },
            Decision::Call(callout) => Decision::Call(callout),
            Decision::Respond { mutations, mut response, reason } => {
                self.count(&continued, env);
                for (entry, Continued { carry, .. }) in self.entries.iter().zip(continued).rev() {
                    local_response::pass(&mut response, entry, carry);
                }
                Decision::Respond { mutations, response, reason }
            }
        }
    }

    fn on_response<'f>(
        &'f self,
        carry: ChainCarry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let mut all = Vec::with_capacity(USUAL_MUTATIONS);
        self.respond(carry, head, &mut all);
        all
    }

    fn on_timer(&self, states: &mut States, env: &Env<'_>) -> TimerActions {
        let mut all = TimerActions::default();
        for (index, entry) in self.entries.iter().enumerate().filter(|(_, e)| e.uses_timer()) {
            let entry_env = self.entry_env(index, env);
            let actions = entry.on_timer(states, &entry_env.env(env));
            entry_env.merge(&mut all, actions);
        }
        all
    }

    fn on_orphaned_callout(&self, result: CalloutResult<'_>, states: &mut States, env: &Env<'_>) {
        let Some((index, result)) = callouts::unwrap(result) else { return };
        if let Some(entry) = self.entries.get(index) {
            let entry_env = self.entry_env(index, env);
            entry.on_orphaned_callout(result, states, &entry_env.env(env));
        }
    }

    fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        states: &mut States,
        env: &Env<'_>,
    ) -> TimerActions {
        let mut all = TimerActions::default();
        let (index, purpose) = EntryEnv::inner_number(purpose);
        if let Some(entry) = self.entries.get(index) {
            let entry_env = self.entry_env(index, env);
            let actions = entry.on_fetch(purpose, response, states, &entry_env.env(env));
            entry_env.merge(&mut all, actions);
        }
        all
    }
}
