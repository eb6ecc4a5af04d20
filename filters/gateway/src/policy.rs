//! The chain: who is asked when, and what becomes of the answers.

use novasphere_core::{
    Answer, ConfigErrors, Duty, Edit, Env, FetchError, FetchReply, Host, Needs, OwnMetric, Policy,
    RequestHead, ResponseHead, Step,
};

use crate::{
    attributes::Told,
    calling, config,
    link::{Link, LinkCarry, States},
    ports::{self, OfLink, Place},
    reads::{Reads, seen_by},
    reply,
};

/// The four filters as one chain, configured.
#[derive(Debug)]
pub struct Gateway {
    /// In the order in which requests pass them.
    links: Vec<Link>,
    metrics: Vec<OwnMetric>,
    places: Vec<Place>,
    request: Reads,
    response: Reads,
    /// For each filter what those behind it read of a request: of its edits they need to see no
    /// others.
    read_behind: Vec<Reads>,
    /// Whether one of them needs it.
    timer: bool,
    store: bool,
}

/// What each filter hands to its response, in the order of requests.
pub struct Carries(Vec<Passed>);

/// More edits than a response usually has: room for so many is made at once.
const USUAL_EDITS: usize = 16;

/// That a filter let a request pass.
struct Passed {
    decision: &'static str,
    carry: LinkCarry,
}

impl Policy for Gateway {
    const NAME: &'static str = "gateway";
    /// The filters count their own.
    const DECISIONS: &'static [&'static str] = &[];
    type State = States;
    type Carry = Carries;

    fn own_metrics(&self) -> Vec<OwnMetric> {
        self.metrics.clone()
    }

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs<'_> {
        Needs {
            request: self.request.read(),
            response: self.response.read(),
            timer: self.timer,
            store: self.store,
        }
    }

    fn replier(states: &States) -> &'static str {
        states.replier
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Step<'p, Carries> {
        self.ask(head, states, env)
    }

    fn on_response<'p>(&'p self, carry: Carries, head: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        let mut all = Vec::with_capacity(USUAL_EDITS);
        self.respond(carry, head, &mut all);
        all
    }

    fn on_timer(&self, states: &mut States, env: &Env<'_>) -> Duty {
        let mut all = Duty::default();
        for (number, link) in self.links.iter().enumerate().filter(|(_, l)| l.needs().timer) {
            let own = OfLink::new(env, self.place(number));
            own.join(&mut all, link.on_timer(states, &own.env(env)));
        }
        all
    }

    fn on_unclaimed(&self, answer: Answer<'_>, states: &mut States, env: &Env<'_>) {
        let Some((number, answer)) = calling::unclaimed(answer) else { return };
        if let Some(link) = self.links.get(number) {
            let own = OfLink::new(env, self.place(number));
            link.on_unclaimed(answer, states, &own.env(env));
        }
    }

    fn on_fetched(
        &self,
        purpose: usize,
        reply: Result<FetchReply<'_>, FetchError>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Duty {
        let mut all = Duty::default();
        let (number, purpose) = OfLink::inner_number(purpose);
        if let Some(link) = self.links.get(number) {
            let own = OfLink::new(env, self.place(number));
            own.join(&mut all, link.on_fetched(purpose, reply, states, &own.env(env)));
        }
        all
    }
}

impl Gateway {
    pub(crate) fn new(links: Vec<Link>) -> Self {
        let (metrics, places) = ports::all_metrics(&links);
        let request = Reads::of(links.iter().map(|link| link.needs().request));
        let response = Reads::of(links.iter().map(|link| link.needs().response));
        let read_behind = (1..=links.len())
            .map(|next| Reads::of(links.iter().skip(next).map(|link| link.needs().request)));
        Self {
            read_behind: read_behind.collect(),
            timer: links.iter().any(|link| link.needs().timer),
            store: links.iter().any(|link| link.needs().store),
            links,
            metrics,
            places,
            request,
            response,
        }
    }

    fn ask<'p>(
        &'p self,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
    ) -> Step<'p, Carries> {
        let attributes = Told::new(env.attributes);
        let shared = Env { attributes: &attributes, ..*env };
        let mut passed = Vec::with_capacity(self.links.len());
        match self.ask_from(0, head, states, &shared, &mut passed) {
            Step::Continue { edits, carry: (), decision } => {
                self.count(&passed, env);
                Step::Continue { edits, carry: Carries(passed), decision }
            }
            Step::Wait { queue, until } => Step::Wait { queue, until },
            Step::Call(call) => Step::Call(call),
            Step::Reply { edits, mut reply, decision } => {
                self.count(&passed, env);
                for (link, Passed { carry, .. }) in self.links.iter().zip(passed).rev() {
                    reply::pass(&mut reply, link, carry);
                }
                Step::Reply { edits, reply, decision }
            }
        }
    }

    /// Asks the filter at that place, then those behind it, which see its edits.
    fn ask_from<'p>(
        &'p self,
        number: usize,
        head: &RequestHead<'_>,
        states: &mut States,
        env: &Env<'_>,
        passed: &mut Vec<Passed>,
    ) -> Step<'p, ()> {
        let Some(link) = self.links.get(number) else {
            return Step::Continue { edits: Vec::new(), carry: (), decision: "" };
        };
        let own = OfLink::new(env, self.place(number));
        let own = if calling::is_repeated(number, env) { own.again() } else { own };
        let own_env = Env { answer: calling::answer_of(number, env), ..own.env(env) };
        match link.on_request(head, states, &own_env) {
            Step::Continue { edits, carry, decision } => {
                passed.push(Passed { decision, carry });
                let next = number.saturating_add(1);
                let behind = self.read_behind.get(number).map(Reads::read);
                if behind.is_some_and(|read| seen_by(read, &edits, &head.headers)) {
                    let seen = RequestHead { headers: head.headers.edited(&edits) };
                    let step = self.ask_from(next, &seen, states, env, passed);
                    return behind_edits(edits, step);
                }
                behind_edits(edits, self.ask_from(next, head, states, env, passed))
            }
            // Who let it pass is asked again, and counted, when the wait is over.
            Step::Wait { queue, until } => Step::Wait { queue: own.outer_number(queue), until },
            Step::Call(call) => Step::Call(calling::of_link(number, call)),
            Step::Reply { edits, reply, decision } => {
                own.decided(decision);
                states.replier = link.kind().name();
                Step::Reply { edits, reply, decision }
            }
        }
    }

    /// Has the filters that let the request pass edit the response, the last one first; each sees the
    /// edits of those behind it.
    fn respond<'p>(
        &'p self,
        Carries(mut passed): Carries,
        head: &ResponseHead<'_>,
        all: &mut Vec<Edit<'p>>,
    ) {
        while let Some(Passed { carry, .. }) = passed.pop() {
            let before = self.links.get(..passed.len()).unwrap_or_default();
            let Some(link) = self.links.get(before.len()) else { return };
            let edits = link.on_response(carry, head);
            if before.iter().any(|other| other.sees_response_edits(&edits, head)) {
                let seen = ResponseHead { headers: head.headers.edited(&edits) };
                let mut others = Vec::new();
                self.respond(Carries(passed), &seen, &mut others);
                all.extend(edits);
                all.append(&mut others);
                return;
            }
            all.extend(edits);
        }
    }

    /// Counts what the filters decided that let a request pass.
    fn count(&self, passed: &[Passed], env: &Env<'_>) {
        for (place, Passed { decision, .. }) in self.places.iter().zip(passed) {
            OfLink::new(env, *place).decided(decision);
        }
    }

    fn place(&self, number: usize) -> Place {
        self.places.get(number).copied().unwrap_or_default()
    }
}

/// A step of the filters behind, with the edits of the one before them.
fn behind_edits<'p>(mut own: Vec<Edit<'p>>, step: Step<'p, ()>) -> Step<'p, ()> {
    let all = |edits: Vec<Edit<'p>>| {
        if own.is_empty() {
            return edits;
        }
        own.extend(edits);
        own
    };
    match step {
        Step::Continue { edits, carry, decision } => {
            Step::Continue { edits: all(edits), carry, decision }
        }
        Step::Wait { queue, until } => Step::Wait { queue, until },
        Step::Call(call) => Step::Call(call),
        Step::Reply { edits, reply, decision } => {
            Step::Reply { edits: all(edits), reply, decision }
        }
    }
}
