//! A request's way through the chain, and back.

use std::{any::Any, rc::Rc};

use novasphere_core::{
    MetricDefinition, MetricKind,
    trace::{self, Outcome},
};

use super::{
    Chain, dialect,
    loaded::{Again, Decided},
    steps::{Action, ResponseStep, Step, Steps},
    world::Facts,
};
use crate::{FilterKind, Line, ProxyKind, Request, Response, token};

/// A request, and the upstream's response to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The request.
    pub request: Request,
    /// The response of the upstream, if the request reaches it.
    pub upstream: Response,
    /// Time, connection and route.
    pub facts: Facts,
    /// The requests that count as used before, by the name of a window or a limit.
    pub used: Vec<(String, u32)>,
}

/// The way of a request through the filters, and the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The filters that decided about the request, in order.
    pub steps: Vec<Step>,
    /// The request that the upstream gets. `None` if a filter responds.
    pub upstream: Option<Request>,
    /// The filters that changed the response, in order.
    pub response_steps: Vec<ResponseStep>,
    /// The response that the client gets.
    pub response: Response,
    /// The filter and the decision that made the response. `None` if the upstream did.
    pub decided_by: Option<(&'static str, &'static str)>,
    /// The attributes that filters set, for access logs.
    pub attributes: Vec<(String, Vec<u8>)>,
    /// The metrics that grow, as Prometheus shows them, and by how much.
    pub metrics: Vec<(String, u32)>,
    /// The log lines of the filters.
    pub log: Vec<String>,
    /// The assumptions of the tool.
    pub remarks: Vec<String>,
}

impl Explanation {
    /// The decisions of the filters in order, and of the proxy if it responded itself:
    /// `jwt-auth:expired`.
    pub fn decisions(&self) -> Vec<String> {
        let steps = self.steps.iter().map(|step| (step.filter, step.reason));
        let own = self.decided_by.filter(|(by, _)| !self.steps.iter().any(|s| s.filter == *by));
        steps.chain(own).map(|(filter, name)| format!("{filter}:{name}")).collect()
    }

    /// Corrects the notes about a signature that an assumed key seemed to verify.
    fn mark_unchecked(&mut self) {
        for note in self.steps.iter_mut().flat_map(|step| &mut step.notes) {
            if note.outcome == Outcome::Match && note.found.contains("verifie") {
                note.found = "not checked, because the key was not given".to_owned();
                note.outcome = Outcome::Fact;
            }
        }
    }
}

/// The end of the request phase.
enum End {
    Upstream(Vec<Line>),
    Local { response: Response, by: (&'static str, &'static str) },
}

impl Chain {
    /// Sends a request. Counts and keys of earlier requests are remembered.
    pub fn send(&mut self, input: &Input) -> Explanation {
        self.expect(&input.request);
        let Some((from, to, remark)) = self.assumed_signature(input) else {
            return self.send_as_is(input);
        };
        let mut lines = input.request.lines();
        token::replace(&mut lines, &from, &to);
        let request = Request::from_lines(lines);
        let mut explanation = self.send_as_is(&Input { request, ..input.clone() });
        // The upstream gets the client's own token.
        if let Some(upstream) = &mut explanation.upstream {
            let mut lines = upstream.lines();
            token::replace(&mut lines, &to, &from);
            *upstream = Request::from_lines(lines);
        }
        explanation.remarks.push(remark);
        explanation.mark_unchecked();
        explanation
    }

    pub(super) fn send_as_is(&mut self, input: &Input) -> Explanation {
        self.world.start(input.facts.clone());
        let mut explanation = Explanation::default();
        self.refresh(&mut explanation.remarks);
        self.world.metrics.take();
        let lines = dialect::visible(self.setup.proxy, &input.request);
        let mut steps = Steps::new(lines.clone());
        let (end, events) = trace::record(|| {
            let used = input.used.clone();
            trace::with_used(used, || self.request_phase(lines, &mut explanation.remarks))
        });
        steps.add(events);
        let mut response = match end {
            End::Upstream(lines) => {
                explanation.upstream =
                    Some(dialect::upstream(self.setup.proxy, &input.request, lines));
                input.upstream.clone()
            }
            End::Local { response, by } => {
                explanation.decided_by = Some(by);
                response
            }
        };
        let ((), events) = trace::record(|| self.response_phase(&mut response));
        // A chain has already passed its own responses back.
        if explanation.upstream.is_some() {
            steps.set_response(&input.upstream);
        }
        steps.add(events);
        if explanation.decided_by.is_some()
            && self.setup.proxy == ProxyKind::Kong
            && !response.body.is_empty()
        {
            response.body.push(b'\n');
        }
        let mut explanation = self.finish(explanation, steps, response);
        if self.world.accepted_unchecked.take() {
            let remark = "signature not checked: the key was not given".to_owned();
            explanation.remarks.push(remark);
            explanation.mark_unchecked();
        }
        explanation
    }

    fn finish(&self, explanation: Explanation, steps: Steps, response: Response) -> Explanation {
        let decisions = steps.request.iter().filter(|step| step.action != Action::Waits);
        let metric = |step: &Step| {
            let (labels, kind) = (format!("decision={}", step.reason), MetricKind::Counter);
            let definition =
                MetricDefinition { filter: step.filter, labels, name: "decisions", kind };
            (self.world.metric(&definition, self.module_of(step.filter)), 1)
        };
        let metrics = decisions.map(metric).chain(self.world.metrics.take()).collect();
        Explanation {
            steps: steps.request,
            response_steps: steps.response,
            response,
            attributes: self.world.attributes.take().into_iter().collect(),
            metrics: if self.setup.proxy == ProxyKind::Traefik { Vec::new() } else { metrics },
            log: self.world.log.take(),
            ..explanation
        }
    }

    /// The name of the filter whose module contains this one: its own, or the gateway's.
    fn module_of(&self, filter: &str) -> &'static str {
        let own = self.setup.filters.iter().find(|configured| configured.kind.name() == filter);
        own.map_or(FilterKind::Gateway, |configured| configured.kind).name()
    }

    fn request_phase(&mut self, mut lines: Vec<Line>, remarks: &mut Vec<String>) -> End {
        for index in 0..self.filters.len() {
            match self.decide(index, &lines, remarks) {
                Decided::Continues { lines: next, mutations } => {
                    let refusal = dialect::refusal(self.setup.proxy, &lines, &mutations);
                    if let Some(response) = refusal {
                        return End::Local { response, by: ("proxy", "repeated_header") };
                    }
                    lines = next;
                }
                Decided::Responds { local, filter, reason } => {
                    let response = dialect::local_response(self.setup.proxy, local, &lines);
                    return End::Local { response, by: (filter, reason) };
                }
                Decided::Waits { .. } | Decided::Calls { .. } => {
                    let response = Response::new(500);
                    return End::Local { response, by: ("proxy", "novasphere_fault") };
                }
            }
        }
        End::Upstream(lines)
    }

    /// The final decision of a filter. Answers its fetches and callouts.
    fn decide(&mut self, index: usize, lines: &[Line], remarks: &mut Vec<String>) -> Decided {
        let mut ticket: Option<Rc<dyn Any>> = None;
        for _ in 0..MAX_WAITS {
            let again = Again { ticket: ticket.as_ref(), callout: None };
            let Some(filter) = self.filters.get_mut(index) else { break };
            match filter.request(lines, &self.world, again) {
                Decided::Waits { until, ticket: own } => {
                    ticket = Some(own);
                    self.wait(index, until, remarks);
                }
                Decided::Calls { ticket, body } => {
                    let decided = self.call(index, lines, &ticket, &body, remarks);
                    return decided.unwrap_or(Decided::Calls { ticket, body });
                }
                decided => return decided,
            }
        }
        Decided::Calls { ticket: Rc::new(()), body: Vec::new() }
    }

    /// The response's way back, in the order of the proxy.
    fn response_phase(&mut self, response: &mut Response) {
        match self.setup.proxy {
            ProxyKind::Envoy => {
                self.filters.iter_mut().rev().for_each(|filter| filter.response(response));
            }
            ProxyKind::Kong => self.filters.iter_mut().for_each(|filter| filter.response(response)),
            ProxyKind::Traefik => {}
        }
    }
}

/// How often a request may wait. More often than any filter lets it.
const MAX_WAITS: usize = 8;
