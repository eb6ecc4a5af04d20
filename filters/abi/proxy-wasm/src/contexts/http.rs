//! A stream context: a request and its response. Bodies are not touched.

use std::{any::Any, rc::Rc};

use novasphere_core::{
    Callout, CalloutResult, Clock, Decision, Filter, RequestHead, ResponseHead, TimeLimit,
};

use super::root::RootContext;
use crate::{
    dialect::Dialect,
    fault::Fault,
    hostcalls, local_response,
    pending::{Pause, PendingRequest, Waiting},
    state::StreamState,
};

/// A stream context.
pub(crate) struct HttpContext<F: Filter> {
    root: Option<Rc<RootContext<F>>>,
    state: StreamState<F::Carry>,
}

impl<F: Filter> HttpContext<F> {
    /// `root` is `None` if its root context has no filter.
    pub(crate) fn new(root: Option<Rc<RootContext<F>>>) -> Self {
        Self { root, state: StreamState::Idle }
    }

    pub(crate) fn root(&self) -> Option<Rc<RootContext<F>>> {
        self.root.clone()
    }

    /// Returns the old state.
    pub(crate) fn replace_state(&mut self, state: StreamState<F::Carry>) -> StreamState<F::Carry> {
        std::mem::replace(&mut self.state, state)
    }

    /// See [`StreamState::end_call`].
    pub(crate) fn end_call(&mut self, token: u32) -> Option<usize> {
        self.state.end_call(token)
    }

    /// Takes the filter and its data for the response. `None` after a local response: this filter's,
    /// or a later filter's on hosts that show it.
    pub(crate) fn take_carry(&mut self) -> Option<(Rc<RootContext<F>>, F::Carry)> {
        let carry = self.state.take_carry();
        Some((self.root()?, carry?))
    }
}

/// A request that the filter decides about. Its stream is the effective context.
struct Request<'a, C> {
    stream: u32,
    /// The number of header lines.
    lines: usize,
    waiting: Waiting<'a, C>,
    callout: Option<CalloutResult<'a>>,
    /// The ticket of the request's last pause.
    ticket: Option<&'a Rc<dyn Any>>,
}

/// Decides about a new request.
pub(crate) fn on_request<F: Filter + 'static>(
    stream: u32,
    root: &RootContext<F>,
    lines: usize,
) -> Result<StreamState<F::Carry>, Fault> {
    decide_or_pause(root, stream, lines, None)
}

/// Decides about a request again, with the result of its callout.
pub(crate) fn on_callout_result<F: Filter + 'static>(
    stream: u32,
    root: &RootContext<F>,
    lines: usize,
    result: CalloutResult<'_>,
) -> Result<StreamState<F::Carry>, Fault> {
    decide_or_pause(root, stream, lines, Some(result))
}

/// Decides about a request that is not in the queue. It may pause if the host can resume it.
fn decide_or_pause<F: Filter + 'static>(
    root: &RootContext<F>,
    stream: u32,
    lines: usize,
    callout: Option<CalloutResult<'_>>,
) -> Result<StreamState<F::Carry>, Fault> {
    let waiting = if root.proxy.dialect.traits().resumes_paused_requests {
        Waiting::InQueue(&root.pending)
    } else {
        Waiting::Nowhere
    };
    let state = decide(root, &Request { stream, lines, waiting, callout, ticket: None })?;
    if matches!(state, StreamState::Paused(_)) {
        root.proxy.root.on_pause();
    }
    Ok(state)
}

/// Decides about a paused request again. Returns the request if it stays paused, which is possible
/// only if it is `in_time`: before its time limit.
pub(crate) fn decide_again<F: Filter + 'static>(
    root: &RootContext<F>,
    request: PendingRequest<F::Carry>,
    in_time: bool,
) -> Option<PendingRequest<F::Carry>> {
    let stored = request.state()?;
    let stream = request.stream;
    hostcalls::set_effective_context(stream).ok()?;
    let waiting = Waiting::InEntry { request: &request, in_time };
    let ticket = request.ticket();
    let again = Request { stream, lines: 0, waiting, callout: None, ticket: Some(&ticket) };
    let result = match decide(root, &again) {
        Ok(StreamState::Idle) => return Some(request),
        Ok(state) => {
            let continues = state.continues();
            *stored.borrow_mut() = state;
            if continues { resume() } else { Ok(()) }
        }
        Err(fault) => Err(fault),
    };
    if let Err(fault) = result {
        refuse::<F>(&fault);
    }
    None
}

/// Asks the filter about a request and carries out its decision.
fn decide<F: Filter + 'static>(
    root: &RootContext<F>,
    request: &Request<'_, F::Carry>,
) -> Result<StreamState<F::Carry>, Fault> {
    root.proxy.root.on_request();
    let after_failed_callout = request.callout.is_some_and(|result| result.response.is_err());
    match ask(root, request, after_failed_callout) {
        Err(Fault::Client { status, message }) => {
            log::info!(target: F::NAME, "{status}: {message}");
            let dialect = root.proxy.dialect;
            local_response::send_message(dialect, status, &message, after_failed_callout)?;
            Ok(StreamState::Responded)
        }
        result => result,
    }
}

fn ask<F: Filter + 'static>(
    root: &RootContext<F>,
    request: &Request<'_, F::Carry>,
    after_failed_callout: bool,
) -> Result<StreamState<F::Carry>, Fault> {
    let dialect = root.proxy.dialect;
    let map = dialect.read_request(root.filter.request_headers(), request.lines)?;
    let head = RequestHead { headers: map.headers() };
    let decision = root
        .with_env(&request.waiting, request.callout, request.ticket, |filter, state, env| {
            filter.on_request(&head, state, env)
        })
        .ok_or(Fault::Reentered)?;
    match decision {
        Decision::Continue { mutations, carry, reason } => {
            let count = || root.count_decision(reason);
            map.continue_request(&head.headers, &mutations, count)?;
            Ok(StreamState::Continued(carry))
        }
        Decision::Respond { mutations, response, reason } => {
            root.count_decision(reason);
            let grpc = map.grpc_kind(&head.headers);
            map.redact(&head.headers, &mutations)?;
            let responder = root.responder().ok_or(Fault::Reentered)?;
            let details = format!("novasphere_{responder}:{reason}");
            let grpc = grpc.as_ref();
            local_response::send(dialect, &response, grpc, &details, after_failed_callout)?;
            Ok(StreamState::Responded)
        }
        Decision::Pause { queue, until, ticket } => {
            let limit = TimeLimit::new(root.proxy.now(), until);
            let pause = Pause { queue, limit, ticket };
            let paused = request.waiting.pause(request.stream, pause);
            paused.ok_or_else(|| Fault::Unable("pause the request".to_owned()))
        }
        Decision::Call(callout) => call(root, request, &callout),
    }
}

/// Makes a callout for a request. If the host refuses it, the filter decides again at once.
fn call<F: Filter + 'static>(
    root: &RootContext<F>,
    request: &Request<'_, F::Carry>,
    callout: &Callout<'_>,
) -> Result<StreamState<F::Carry>, Fault> {
    let &Request { stream, lines, waiting, .. } = request;
    if request.callout.is_some() {
        return Err(Fault::Unable("call twice for a request".to_owned()));
    }
    match root.calls.send(stream, callout, root.this.clone()) {
        Ok(guard) => Ok(StreamState::Calling { guard, lines }),
        Err(error) => {
            let result = CalloutResult { ticket: &callout.ticket, response: &Err(error) };
            decide(root, &Request { stream, lines, waiting, callout: Some(result), ticket: None })
        }
    }
}

/// Applies the filter's mutations to a response head with `lines` header lines.
pub(crate) fn on_response<F: Filter>(
    root: &RootContext<F>,
    carry: F::Carry,
    lines: usize,
) -> Result<(), Fault> {
    let map = root.proxy.dialect.read_response(root.filter.response_headers(), lines)?;
    let head = ResponseHead { headers: map.headers() };
    let mutations = root.filter.on_response(carry, &head);
    map.mutate(&head.headers, &mutations)
}

/// Resumes the paused request of the effective context.
pub(crate) fn resume() -> Result<(), Fault> {
    hostcalls::continue_request().map_err(|status| Fault::Host("resume the request", status))
}

/// Responds with 500 after a fault.
pub(crate) fn refuse<F: Filter>(fault: &Fault) {
    log_fault::<F>(fault, "request");
    let _ = local_response::send_fault(Dialect::current());
}

pub(crate) fn log_fault<F: Filter>(fault: &Fault, phase: &str) {
    log::error!(target: F::NAME, "{fault} in the {phase} phase");
}
