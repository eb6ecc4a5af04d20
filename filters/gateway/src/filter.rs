//! The chain as a filter.

use std::rc::Rc;

use novasphere_core::{
    BuildContext, CalloutResult, Decision, Env, FetchError, FetchResponse, FieldHints, Filter,
    HeaderInterest, HeaderMutation, MetricDefinition, RequestHead, ResponseHead, TimerActions,
};

use crate::{
    attribute_cache::AttributeCache,
    build,
    chain::{ChainCarry, End, Gateway},
    config::Config,
    entry::{ChainEntry, Continued, States},
    entry_env::EntryEnv,
    field_hints::FIELD_HINTS,
    ticket::{self, Earlier},
};

/// The capacity reserved for the mutations of a response. Most responses have fewer.
const USUAL_MUTATIONS: usize = 16;

impl Filter for Gateway {
    const NAME: &'static str = "gateway";
    /// Each filter counts its own decisions.
    const REASONS: &'static [&'static str] = &[];
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = FIELD_HINTS;
    type Config = Config;
    type State = States;
    type Carry = ChainCarry;

    fn metric_definitions(&self) -> Vec<MetricDefinition> {
        self.definitions.clone()
    }

    #[cold]
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

    fn timer_is_optional(&self) -> bool {
        self.entries.iter().all(|entry| !entry.uses_timer() || entry.timer_is_optional())
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
        let Some(earlier) = ticket::resume(env) else {
            let attributes = AttributeCache::new(env.attributes, Vec::new());
            let shared = Env { attributes: &attributes, ..*env };
            let mut continued = Vec::with_capacity(self.entries.len());
            let mut all = Vec::new();
            let end = self.decide(head, states, &shared, &mut continued, &mut all);
            return self.conclude(end, all, continued, attributes, head, env);
        };
        let (mut continued, mutations, attributes) = earlier.restore(&self.names);
        let attributes = AttributeCache::new(env.attributes, attributes);
        let shared = Env { attributes: &attributes, ..*env };
        let mut all = Vec::new();
        let end = self.decide_after(mutations, head, states, &shared, &mut continued, &mut all);
        self.conclude(end, all, continued, attributes, head, env)
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
        let Some((index, result)) = ticket::unwrap(result) else { return };
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

    fn abandon_fetches(&self, states: &mut States, env: &Env<'_>) {
        for (index, entry) in self.entries.iter().enumerate() {
            entry.abandon_fetches(states, &self.entry_env(index, env).env(env));
        }
    }
}

impl Gateway {
    /// The chain's decision about a request that leaves the chain at `end`.
    fn conclude<'f>(
        &'f self,
        end: End<'f>,
        mutations: Vec<HeaderMutation<'f>>,
        continued: Vec<Continued>,
        attributes: AttributeCache<'_>,
        head: &RequestHead<'_>,
        env: &Env<'_>,
    ) -> Decision<'f, ChainCarry> {
        match end {
            End::Continue => {
                self.count(&continued, env);
                Decision::Continue { mutations, carry: ChainCarry(continued), reason: "" }
            }
            End::Pause { queue, until, ticket } => {
                let earlier = Earlier::new(continued, mutations, attributes.into_values());
                let ticket = earlier.into_ticket(ticket);
                Decision::Pause { queue, until, ticket }
            }
            End::Call(mut callout) => {
                let earlier = Earlier::new(continued, mutations, attributes.into_values());
                callout.ticket = earlier.into_ticket(Rc::clone(&callout.ticket));
                Decision::Call(callout)
            }
            End::Respond { mut response, reason } => {
                self.count(&continued, env);
                let env = Env { attributes: &attributes, ..*env };
                // The later filters see the request with the mutations of the earlier ones, too.
                let has_later = continued.len().saturating_add(1) < self.entries.len();
                let mutated = has_later
                    .then(|| RequestHead { headers: head.headers.with_mutations(&mutations) });
                let seen = mutated.as_ref().unwrap_or(head);
                self.pass_back(continued, seen, &env, &mut response);
                Decision::Respond { mutations, response, reason }
            }
        }
    }
}
