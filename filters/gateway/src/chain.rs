//! The chain: the order of calls to the filters, and how their decisions combine.

use std::{any::Any, rc::Rc};

use novasphere_core::{
    Callout, Decision, Env, HeaderInterest, HeaderMutation, LocalResponse, MetricDefinition,
    RequestHead, ResponseHead, UnixTime,
    trace::{self, TraceEvent, TracedMutation},
};

use crate::{
    entry::{ChainEntry, Continued, States},
    entry_env::{EntryEnv, EntryMetrics, chain_metrics},
    names::Names,
    ticket,
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
    /// For each entry, what the earlier entries observe in a response.
    earlier_observers: Vec<ResponseObservers>,
    /// The metrics for an index without an entry.
    no_metrics: EntryMetrics,
    /// The header names in the mutations of waiting requests.
    pub(crate) names: Names,
}

/// The response headers that some filters read. They observe only mutations of these headers.
#[derive(Debug)]
struct ResponseObservers {
    /// Whether cors is among them. It reads whole heads, but few headers affect its result.
    has_cors: bool,
    /// The headers that the other filters read.
    headers: HeaderInterest,
}

/// The data each filter hands to its response, in the order of requests.
pub struct ChainCarry(pub(crate) Vec<Continued>);

/// The point at which a request leaves the chain.
pub(crate) enum End<'f> {
    /// After the last filter.
    Continue,
    /// At a filter that pauses it, with the chain's number of the queue and the filter's own ticket.
    Pause { queue: usize, until: UnixTime, ticket: Rc<dyn Any> },
    /// At a filter that waits for a callout, with the filter's own ticket.
    Call(Box<Callout<'f>>),
    /// At a filter that responds.
    Respond { response: Box<LocalResponse<'f>>, reason: &'static str },
}

impl Gateway {
    pub(crate) fn new(entries: Vec<ChainEntry>) -> Self {
        let (definitions, metrics) = chain_metrics(&entries);
        let later_request_headers = (1..=entries.len()).map(|next| {
            HeaderInterest::union(entries.iter().skip(next).map(ChainEntry::request_headers))
        });
        let earlier_observers = (0..entries.len())
            .map(|index| ResponseObservers::new(entries.get(..index).unwrap_or_default()));
        Self {
            earlier_observers: earlier_observers.collect(),
            later_request_headers: later_request_headers.collect(),
            no_metrics: EntryMetrics::default(),
            request_headers: HeaderInterest::union(entries.iter().map(ChainEntry::request_headers)),
            response_headers: HeaderInterest::union(
                entries.iter().map(ChainEntry::response_headers),
            ),
            definitions,
            metrics,
            entries,
            names: Names::default(),
        }
    }

    /// Asks the filters after the ones in `continued`, until one does not continue. Adds their
    /// mutations to `all`.
    pub(crate) fn decide<'f>(
        &'f self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
        continued: &mut Vec<Continued>,
        all: &mut Vec<HeaderMutation<'f>>,
    ) -> End<'f> {
        let entry_env = EntryEnv::new(env, &self.no_metrics);
        let mut own_env = entry_env.env(env);
        loop {
            let index = continued.len();
            let Some(entry) = self.entries.get(index) else { return End::Continue };
            entry_env.select(self.metrics_of(index));
            own_env.callout = ticket::callout_for(index, env);
            own_env.ticket = ticket::pause_for(index, env);
            let filter = entry.kind().name();
            trace::event(|| TraceEvent::Starts { filter });
            let decision = entry.on_request(head, states, &own_env);
            trace::event(|| TraceEvent::decision(filter, &decision));
            match decision {
                Decision::Continue { mutations, carry, reason } => {
                    continued.push(Continued { reason, carry });
                    if self.is_observed(&mutations, head, continued) {
                        return self.decide_with(mutations, head, states, env, continued, all);
                    }
                    append(all, mutations);
                }
                Decision::Pause { queue, until, ticket } => {
                    return End::Pause { queue: entry_env.outer_number(queue), until, ticket };
                }
                Decision::Call(callout) => return End::Call(callout),
                Decision::Respond { mutations, response, reason } => {
                    entry_env.count_decision(reason);
                    states.responder = filter;
                    append(all, mutations);
                    return End::Respond { response, reason };
                }
            }
        }
    }

    /// Asks the filters after the ones in `continued` about the request with their `mutations`.
    pub(crate) fn decide_after<'f>(
        &'f self,
        mutations: Vec<HeaderMutation<'f>>,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
        continued: &mut Vec<Continued>,
        all: &mut Vec<HeaderMutation<'f>>,
    ) -> End<'f> {
        if self.is_observed(&mutations, head, continued) {
            return self.decide_with(mutations, head, states, env, continued, all);
        }
        append(all, mutations);
        self.decide(head, states, env, continued, all)
    }

    /// Whether a filter after the ones in `continued` reads a header that `mutations` change.
    fn is_observed(
        &self,
        mutations: &[HeaderMutation<'_>],
        head: &RequestHead<'_>,
        continued: &[Continued],
    ) -> bool {
        let later = self.later_request_headers.get(continued.len().saturating_sub(1));
        later.is_some_and(|later| later.observes(mutations, &head.headers))
    }

    fn decide_with<'f>(
        &'f self,
        mutations: Vec<HeaderMutation<'f>>,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
        continued: &mut Vec<Continued>,
        all: &mut Vec<HeaderMutation<'f>>,
    ) -> End<'f> {
        let mut later = Vec::new();
        let seen = RequestHead { headers: head.headers.with_mutations(&mutations) };
        let end = self.decide(&seen, states, env, continued, &mut later);
        append(all, mutations);
        append(all, later);
        end
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
            let index = continued.len();
            let Some(entry) = self.entries.get(index) else { return };
            let mutations = entry.on_response(carry, head);
            trace::event(|| TraceEvent::ChangesResponse {
                filter: entry.kind().name(),
                mutations: TracedMutation::all(&mutations),
            });
            if mutations.is_empty() {
                continue;
            }
            let earlier = self.earlier_observers.get(index);
            if earlier.is_some_and(|earlier| earlier.observe(&mutations, head)) {
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

    /// Passes a local response to the other filters, the last one first. The filter behind the ones
    /// in `continued` made it.
    pub(crate) fn pass_back<'f>(
        &'f self,
        mut continued: Vec<Continued>,
        request: &RequestHead<'_>,
        env: &Env<'_>,
        response: &mut LocalResponse<'f>,
    ) {
        let responder = continued.len();
        for (index, entry) in self.entries.iter().enumerate().rev() {
            if index != responder {
                let passed = if index < responder { continued.pop() } else { None };
                let entry_env = self.entry_env(index, env);
                let carry = passed.map(|passed| passed.carry);
                entry.on_local_response(carry, request, &entry_env.env(env), response);
                trace::event(|| TraceEvent::PassesBack {
                    filter: entry.kind().name(),
                    response: (&*response).into(),
                });
            }
        }
    }

    /// Counts the decisions of the filters that continued.
    pub(crate) fn count(&self, continued: &[Continued], env: &Env<'_>) {
        for (metrics, Continued { reason, .. }) in self.metrics.iter().zip(continued) {
            metrics.count_decision(reason, env.metrics);
        }
    }

    pub(crate) fn entry_env<'e>(&'e self, index: usize, env: &Env<'e>) -> EntryEnv<'e> {
        EntryEnv::new(env, self.metrics_of(index))
    }

    fn metrics_of(&self, index: usize) -> &EntryMetrics {
        self.metrics.get(index).unwrap_or(&self.no_metrics)
    }
}

impl ResponseObservers {
    fn new(entries: &[ChainEntry]) -> Self {
        let is_cors = |entry: &&ChainEntry| matches!(entry, ChainEntry::Cors(_));
        let others = entries.iter().filter(|entry| !is_cors(entry));
        Self {
            has_cors: entries.iter().any(|entry| is_cors(&entry)),
            headers: HeaderInterest::union(others.map(ChainEntry::response_headers)),
        }
    }

    /// Whether one of the filters can observe `mutations` of a response head.
    fn observe(&self, mutations: &[HeaderMutation<'_>], head: &ResponseHead<'_>) -> bool {
        let is_of_cors = |mutation: &HeaderMutation<'_>| novasphere_cors::observes(mutation.name());
        (self.has_cors && mutations.iter().any(is_of_cors))
            || self.headers.observes(mutations, &head.headers)
    }
}

/// Appends without a copy if `all` is empty, as it usually is.
fn append<'f>(all: &mut Vec<HeaderMutation<'f>>, mut more: Vec<HeaderMutation<'f>>) {
    if all.is_empty() {
        *all = more;
    } else {
        all.append(&mut more);
    }
}
