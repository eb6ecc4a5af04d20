//! The chain: the order of calls to the filters, and how their decisions combine.

use novasphere_core::{
    Decision, Env, HeaderInterest, HeaderMutation, MetricDefinition, RequestHead, ResponseHead,
};

use crate::{
    callouts,
    entry::{ChainEntry, EntryCarry, States},
    entry_env::{EntryEnv, EntryMetrics, chain_metrics},
};

/// The four filters as one chain.
#[derive(Debug)]
pub struct Gateway {
    /// In the order in which requests pass them.
    pub(crate) entries: Vec<ChainEntry>,
    pub(crate) definitions: Vec<MetricDefinition>,
    /// For each entry, its metrics.
    metrics: Vec<EntryMetrics>,
    pub(crate) request_headers: HeaderInterest,
    pub(crate) response_headers: HeaderInterest,
    /// For each entry, the request headers that the later entries read. They observe only mutations
    /// of these headers.
    later_request_headers: Vec<HeaderInterest>,
}

/// The data each filter hands to its response, in the order of requests.
pub struct ChainCarry(pub(crate) Vec<Continued>);

/// A filter's decision to continue.
pub(crate) struct Continued {
    pub(crate) reason: &'static str,
    pub(crate) carry: EntryCarry,
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
    pub(crate) fn decide_from<'f>(
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
    pub(crate) fn respond<'f>(
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
    pub(crate) fn count(&self, continued: &[Continued], env: &Env<'_>) {
        for (metrics, Continued { reason, .. }) in self.metrics.iter().zip(continued) {
            EntryEnv::new(env, *metrics).count_decision(reason);
        }
    }

    pub(crate) fn entry_env<'e>(&self, index: usize, env: &Env<'e>) -> EntryEnv<'e> {
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
