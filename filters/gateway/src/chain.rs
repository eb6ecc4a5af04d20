//! The chain: which filter is asked when, and how their decisions combine.

use novasphere_core::{
    BuildContext, CalloutResult, Decision, Env, FetchError, FetchResponse, Filter, HeaderInterest,
    HeaderMutation, MetricDefinition, RequestHead, ResponseHead, TimerActions,
};

use crate::{
    attribute_cache::AttributeCache,
    build, callouts,
    config::Config,
    entry::{ChainEntry, EntryCarry, States},
    entry_env::{EntryEnv, EntryMetrics, chain_metrics},
    local_response,
};

/// The four filters as one chain.
#[derive(Debug)]
pub struct Gateway {
    /// In the order in which requests pass them.
    entries: Vec<ChainEntry>,
    definitions: Vec<MetricDefinition>,
    /// For each entry, its metrics.
    metrics: Vec<EntryMetrics>,
    request_headers: HeaderInterest,
    response_headers: HeaderInterest,
    /// For each entry, the request headers that the later entries read. They observe no other
    /// mutations of that entry.
    later_request_headers: Vec<HeaderInterest>,
}

/// The data each filter hands to its response, in the order of requests.
pub struct ChainCarry(Vec<Continued>);

/// One filter's decision to continue.
struct Continued {
    reason: &'static str,
    carry: EntryCarry,
}

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
        build::build(config, cx)
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

impl Gateway {
    pub(crate) fn new(entries: Vec<ChainEntry>) -> Self {
        let (definitions, metrics) = chain_metrics(&entries);
        let later_request_headers = (1..=entries.len()).map(|next| {
            HeaderInterest::union(entries.iter().skip(next).map(ChainEntry::request_headers))
        });
        Self {
            later_request_headers: later_request_headers.collect(),
            request_headers: HeaderInterest::union(entries.iter().map(ChainEntry::request_headers)),
            response_headers: HeaderInterest::union(
                entries.iter().map(ChainEntry::response_headers),
            ),
            definitions,
            metrics,
            entries,
        }
    }

    /// Asks the filter at `index`, then the later ones, which see its mutations.
    fn decide_from<'f>(
        &'f self,
        index: usize,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
        continued: &mut Vec<Continued>,
    ) -> Decision<'f, ()> {
        let Some(entry) = self.entries.get(index) else {
            return Decision::Continue { mutations: Vec::new(), carry: (), reason: "" };
        };
        let entry_env = self.entry_env(index, env);
        let entry_env =
            if callouts::is_repeated(index, env) { entry_env.repeated() } else { entry_env };
        let own_env = Env { callout: callouts::result_for(index, env), ..entry_env.env(env) };
        match entry.on_request(head, states, &own_env) {
            Decision::Continue { mutations, carry, reason } => {
                continued.push(Continued { reason, carry });
                let next = index.saturating_add(1);
                let later = self.later_request_headers.get(index);
                if later.is_some_and(|later| later.observes(&mutations, &head.headers)) {
                    let seen = RequestHead { headers: head.headers.with_mutations(&mutations) };
                    let decision = self.decide_from(next, &seen, states, env, continued);
                    return prepend(mutations, decision);
                }
                prepend(mutations, self.decide_from(next, head, states, env, continued))
            }
            // The earlier filters decide again, and are counted, after the pause.
            Decision::Pause { queue, until } => {
                Decision::Pause { queue: entry_env.outer_number(queue), until }
            }
            Decision::Call(callout) => Decision::Call(callouts::wrap(index, callout)),
            Decision::Respond { mutations, response, reason } => {
                entry_env.count_decision(reason);
                states.responder = entry.kind().name();
                Decision::Respond { mutations, response, reason }
            }
        }
    }

    /// Lets the filters that continued the request mutate the response, the last one first. Each
    /// sees the mutations of the later ones.
    fn respond<'f>(
        &'f self,
        ChainCarry(mut continued): ChainCarry,
        head: &ResponseHead<'_>,
        all: &mut Vec<HeaderMutation<'f>>,
    ) {
        while let Some(Continued { carry, .. }) = continued.pop() {
            let earlier = self.entries.get(..continued.len()).unwrap_or_default();
            let Some(entry) = self.entries.get(earlier.len()) else { return };
            let mutations = entry.on_response(carry, head);
            if earlier.iter().any(|other| other.observes_response(&mutations, head)) {
                let seen = ResponseHead { headers: head.headers.with_mutations(&mutations) };
                let mut others = Vec::new();
                self.respond(ChainCarry(continued), &seen, &mut others);
                all.extend(mutations);
                all.append(&mut others);
                return;
            }
            all.extend(mutations);
        }
    }

    /// Counts the decisions of the filters that continued.
    fn count(&self, continued: &[Continued], env: &Env<'_>) {
        for (metrics, Continued { reason, .. }) in self.metrics.iter().zip(continued) {
            EntryEnv::new(env, *metrics).count_decision(reason);
        }
    }

    fn entry_env<'e>(&self, index: usize, env: &Env<'e>) -> EntryEnv<'e> {
        EntryEnv::new(env, self.metrics.get(index).copied().unwrap_or_default())
    }
}

/// The decision of the later filters, with the mutations of the one before them in front.
fn prepend<'f>(
    mut earlier: Vec<HeaderMutation<'f>>,
    decision: Decision<'f, ()>,
) -> Decision<'f, ()> {
    let joined = |mutations: Vec<HeaderMutation<'f>>| {
        if earlier.is_empty() {
            return mutations;
        }
        earlier.extend(mutations);
        earlier
    };
    match decision {
        Decision::Continue { mutations, carry, reason } => {
            Decision::Continue { mutations: joined(mutations), carry, reason }
        }
        Decision::Pause { queue, until } => Decision::Pause { queue, until },
        Decision::Call(callout) => Decision::Call(callout),
        Decision::Respond { mutations, response, reason } => {
            Decision::Respond { mutations: joined(mutations), response, reason }
        }
    }
}
