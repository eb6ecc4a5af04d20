//! The steps of a request through the filters, from the events of a trace.

use novasphere_core::trace::{Note, TraceEvent, TracedResponse};

use super::changes::{self, Change};
use crate::{Line, Response};

/// A filter that decided about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The filter's name.
    pub filter: &'static str,
    /// Whether the request continues or not.
    pub action: Action,
    /// The decision's name in metrics. Empty while the request waits.
    pub reason: &'static str,
    /// The comparisons of the filter, in order.
    pub notes: Vec<Note>,
    /// The changes to the request.
    pub changes: Vec<Change>,
    /// The filter's own response, before other filters changed it.
    pub response: Option<Response>,
}

/// The action of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The request continues.
    Continues,
    /// The request waits for keys or counts.
    Waits,
    /// The filter responds.
    Responds,
}

/// A filter that changed a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseStep {
    /// The filter's name.
    pub filter: &'static str,
    /// The comparisons of the filter, in order.
    pub notes: Vec<Note>,
    /// The changes to the response.
    pub changes: Vec<Change>,
}

/// Collects steps.
pub(super) struct Steps {
    pub(super) request: Vec<Step>,
    pub(super) response: Vec<ResponseStep>,
    /// The request after the steps so far.
    lines: Vec<Line>,
    /// The response after the steps so far.
    response_lines: Vec<Line>,
    /// Notes without a step, such as of a response.
    notes: Vec<Note>,
    is_deciding: bool,
}

impl Steps {
    /// Starts with the lines of a request.
    pub(super) fn new(lines: Vec<Line>) -> Self {
        let (request, response, response_lines) = (Vec::new(), Vec::new(), Vec::new());
        Self { request, response, lines, response_lines, notes: Vec::new(), is_deciding: false }
    }

    /// Sets the response that the following events change.
    pub(super) fn set_response(&mut self, response: &Response) {
        self.response_lines.clone_from(&response.headers);
    }

    pub(super) fn add(&mut self, events: Vec<TraceEvent>) {
        for event in events {
            self.add_event(event);
        }
    }

    fn add_event(&mut self, event: TraceEvent) {
        match event {
            TraceEvent::Starts { filter } => self.start(filter),
            TraceEvent::Note(note) => match self.request.last_mut().filter(|_| self.is_deciding) {
                Some(step) => step.notes.push(note),
                None => self.notes.push(note),
            },
            TraceEvent::Continues { reason, mutations, .. } => {
                let changes = changes::apply(&mut self.lines, &mutations);
                self.end(Action::Continues, reason, changes, None);
            }
            TraceEvent::Waits { .. } => self.end(Action::Waits, "", Vec::new(), None),
            TraceEvent::Responds { reason, mutations, response, .. } => {
                let changes = changes::apply(&mut self.lines, &mutations);
                let response = Response::from(response);
                self.set_response(&response);
                self.end(Action::Responds, reason, changes, Some(response));
            }
            TraceEvent::ChangesResponse { filter, mutations } => {
                let changes = changes::apply(&mut self.response_lines, &mutations);
                self.push_response(filter, changes);
            }
            TraceEvent::PassesBack { filter, response } => {
                let after = Response::from(response).headers;
                let changes = changes::between(&self.response_lines, &after);
                self.response_lines = after;
                self.push_response(filter, changes);
            }
        }
    }

    /// A filter starts to decide, or decides again about a request that waited.
    fn start(&mut self, filter: &'static str) {
        self.is_deciding = true;
        let last = self.request.last();
        if last.is_some_and(|last| last.filter == filter && last.action == Action::Waits) {
            return;
        }
        let (notes, changes) = (Vec::new(), Vec::new());
        let action = Action::Waits;
        self.request.push(Step { filter, action, reason: "", notes, changes, response: None });
    }

    fn end(
        &mut self,
        action: Action,
        reason: &'static str,
        changes: Vec<Change>,
        response: Option<Response>,
    ) {
        self.is_deciding = false;
        if let Some(step) = self.request.last_mut() {
            (step.action, step.reason, step.changes) = (action, reason, changes);
            step.response = response;
        }
    }

    fn push_response(&mut self, filter: &'static str, changes: Vec<Change>) {
        let notes = std::mem::take(&mut self.notes);
        if !changes.is_empty() || !notes.is_empty() {
            self.response.push(ResponseStep { filter, notes, changes });
        }
    }
}

impl From<TracedResponse> for Response {
    fn from(TracedResponse { status, headers, body }: TracedResponse) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into_bytes(), value));
        Self { status, headers: headers.collect(), body }
    }
}
