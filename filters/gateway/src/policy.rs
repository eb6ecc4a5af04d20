//! The chain: who is asked when, and what becomes of the answers.

use novasphere_core::{
    ConfigErrors, Duty, Edit, Env, FetchError, FetchReply, Host, Needs, OwnMetric, Policy, Read,
    RequestHead, ResponseHead, Step,
};

use crate::{
    attributes::Told,
    config,
    link::{Link, LinkCarry, States},
    ports::{self, OfLink, Place},
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
    /// The last filter that reads a request's head: edits of those from there on need not be seen.
    last_to_read_requests: usize,
    /// The first that reads a response's head.
    first_to_read_responses: usize,
}

/// What the filters read of a head, all together.
#[derive(Debug)]
enum Reads {
    Nothing,
    Named(Vec<String>),
    WholeIfAny(Vec<String>),
    Whole,
}

/// What each filter hands to its response, in the order of requests.
pub struct Carries(Vec<LinkCarry>);

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
            timer: self.links.iter().any(|link| link.needs().timer),
            store: self.links.iter().any(|link| link.needs().store),
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
        let mut seen: Option<ResponseHead<'_>> = None;
        let mut all: Vec<Edit<'p>> = Vec::new();
        for (number, (link, carry)) in self.links.iter().zip(carry.0).enumerate().rev() {
            let edits = link.on_response(carry, seen.as_ref().unwrap_or(head));
            if !edits.is_empty() && self.first_to_read_responses < number {
                seen.get_or_insert_with(|| head.clone()).headers.apply(edits.clone());
            }
            all.extend(edits);
        }
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
        let reads_request = |link: &Link| link.needs().request != Read::Nothing;
        let reads_response = |link: &Link| link.needs().response != Read::Nothing;
        Self {
            last_to_read_requests: links.iter().rposition(reads_request).unwrap_or(0),
            first_to_read_responses: links.iter().position(reads_response).unwrap_or(usize::MAX),
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
        let mut seen: Option<RequestHead<'_>> = None;
        let mut all: Vec<Edit<'p>> = Vec::new();
        let mut passed: Vec<(&'static str, LinkCarry)> = Vec::with_capacity(self.links.len());
        for (number, link) in self.links.iter().enumerate() {
            let own = OfLink::new(env, self.place(number));
            let own_env = Env { attributes: &attributes, ..own.env(env) };
            match link.on_request(seen.as_ref().unwrap_or(head), states, &own_env) {
                Step::Continue { edits, carry, decision } => {
                    if !edits.is_empty() && self.last_to_read_requests > number {
                        seen.get_or_insert_with(|| head.clone()).headers.apply(edits.clone());
                    }
                    all.extend(edits);
                    passed.push((decision, carry));
                }
                // Who let it pass is asked again, and counted, when the wait is over.
                Step::Wait { queue, until } => {
                    return Step::Wait { queue: own.outer_number(queue), until };
                }
                Step::Reply { edits, mut reply, decision } => {
                    own.decided(decision);
                    all.extend(edits);
                    states.replier = link.kind().name();
                    let Carries(carries) = self.count(passed, env);
                    for (link, carry) in self.links.iter().zip(carries).rev() {
                        reply::pass(&mut reply, link, carry);
                    }
                    return Step::Reply { edits: all, reply, decision };
                }
            }
        }
        Step::Continue { edits: all, carry: self.count(passed, env), decision: "" }
    }

    /// Counts what the filters decided that let a request pass.
    fn count(&self, passed: Vec<(&'static str, LinkCarry)>, env: &Env<'_>) -> Carries {
        let counted = passed.into_iter().enumerate().map(|(number, (decision, carry))| {
            OfLink::new(env, self.place(number)).decided(decision);
            carry
        });
        Carries(counted.collect())
    }

    fn place(&self, number: usize) -> Place {
        self.places.get(number).copied().unwrap_or_default()
    }
}

impl Reads {
    fn of<'r>(all: impl Iterator<Item = Read<'r>>) -> Self {
        all.fold(Self::Nothing, |reads, read| match (reads, read) {
            (reads, Read::Nothing) => reads,
            (Self::Nothing, Read::Named(names)) => Self::Named(names.to_vec()),
            (Self::Nothing, Read::WholeIfAny(names)) => Self::WholeIfAny(names.to_vec()),
            (Self::Named(known), Read::Named(names)) => Self::Named(union(known, names)),
            (Self::WholeIfAny(known), Read::WholeIfAny(names)) => {
                Self::WholeIfAny(union(known, names))
            }
            _ => Self::Whole,
        })
    }

    fn read(&self) -> Read<'_> {
        match self {
            Reads::Nothing => Read::Nothing,
            Reads::Named(names) => Read::Named(names),
            Reads::WholeIfAny(names) => Read::WholeIfAny(names),
            Reads::Whole => Read::Whole,
        }
    }
}

fn union(mut known: Vec<String>, names: &[String]) -> Vec<String> {
    for name in names {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    known
}
