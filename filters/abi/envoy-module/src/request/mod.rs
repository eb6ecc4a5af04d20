//! A request and its response. Bodies are not touched.

use std::{any::Any, cell::RefCell, rc::Rc, time::Duration};

use novasphere_core::{
    Callout, CalloutResult, Clock, Decision, FetchError, Filter, LocalResponse, RequestHead,
    ResponseHead, TimeLimit, UnixTime,
};
use novasphere_messages::grpc::GrpcKind;

use self::{
    fault::Fault,
    head::Head,
    pending_callout::PendingCallout,
    state::State,
    waiting::{Paused, Waiting},
};
use crate::{
    config::PANICKED,
    host::{self, Level, Map, Status, StreamHandle},
    worker::{Call, Worker},
};

mod call_response;
mod callout;
mod fault;
mod head;
mod local_response;
mod pending_callout;
mod state;
mod waiting;

pub(crate) use self::call_response::CallResponse;

/// The `%RESPONSE_CODE_DETAILS%` of a request that could not be checked.
const FAULT_DETAILS: &str = "novasphere_fault";

/// A stream.
///
/// No borrow of its state is held during a call of Envoy that may end the stream, or run another of
/// its hooks.
pub(crate) struct Stream<F: Filter> {
    pub(crate) worker: Rc<Worker<F>>,
    state: RefCell<State<F::Carry>>,
}

/// The consequence of a decision.
enum Outcome<'f, C> {
    Continue(C),
    Hold(State<C>),
    Respond { response: Box<LocalResponse<'f>>, grpc: Option<GrpcKind>, details: String },
}

/// A request that the filter decides about.
struct Request<'a> {
    waiting: Waiting<'a>,
    callout: Option<CalloutResult<'a>>,
    /// The request's last pause.
    paused: Option<&'a Paused>,
}

impl<F: Filter + 'static> Stream<F> {
    /// A new stream on this worker.
    pub(crate) fn new(worker: Rc<Worker<F>>) -> Self {
        Self { worker, state: RefCell::new(State::Idle) }
    }

    fn replace_state(&self, state: State<F::Carry>) -> State<F::Carry> {
        self.state.replace(state)
    }

    /// The stream is over.
    pub(crate) fn end(&self) {
        self.abandon(self.replace_state(State::Responded));
    }

    /// Decides about a new request. Returns whether it continues.
    pub(crate) fn on_request(&self, mut stream: StreamHandle) -> bool {
        let waiting = Waiting::InQueue(&self.worker.queues);
        match self.decide(&mut stream, &Request { waiting, callout: None, paused: None }) {
            Ok(Outcome::Continue(carry)) => {
                drop(self.replace_state(State::Continued(carry)));
                true
            }
            outcome => {
                self.stop(stream, outcome);
                false
            }
        }
    }

    /// Decides about a paused request again: it was woken, or its time limit passed.
    pub(crate) fn on_scheduled(&self, stream: StreamHandle) {
        let mut paused = match self.replace_state(State::Idle) {
            State::Paused(paused) => paused,
            // The event of an earlier pause.
            state => {
                drop(self.replace_state(state));
                return;
            }
        };
        let in_time = !paused.limit.is_over(Call::new(&self.worker, &stream, None).now());
        let waiting = Waiting::InPlace { in_time };
        self.decide_again(stream, &Request { waiting, callout: None, paused: Some(&paused) });
    }

    fn decide_again(&self, mut stream: StreamHandle, request: &Request<'_>) {
        match self.decide(&mut stream, request) {
            Ok(Outcome::Continue(carry)) => {
                drop(self.replace_state(State::Continued(carry)));
                stream.continue_request();
            }
            outcome => self.stop(stream, outcome),
        }
    }

    /// Holds or ends a request. The stream may be over afterwards.
    fn stop(&self, stream: StreamHandle, outcome: Result<Outcome<'_, F::Carry>, Fault>) {
        match outcome {
            Ok(Outcome::Hold(state)) => drop(self.replace_state(state)),
            Ok(Outcome::Respond { response, grpc, details }) => {
                drop(self.replace_state(State::Responded));
                local_response::send(stream, &response, grpc.as_ref(), &details);
            }
            Ok(Outcome::Continue(_)) => {}
            Err(fault) => {
                log_fault::<F>(&fault, "request");
                self.refuse(stream);
            }
        }
    }

    /// Responds with 500.
    fn refuse(&self, stream: StreamHandle) {
        drop(self.replace_state(State::Responded));
        refuse(stream);
    }

    /// Responds with 500 after a panic, unless the filter responded before it.
    #[cold]
    pub(crate) fn refuse_after_panic(&self, stream: StreamHandle) {
        self.worker.reset_state();
        self.worker.config.metrics.add(&stream, PANICKED, 1);
        if !matches!(self.replace_state(State::Responded), State::Responded) {
            refuse(stream);
        }
    }

    /// Asks the filter about a request, and changes the head.
    fn decide<'s>(
        &'s self,
        stream: &mut StreamHandle,
        request: &Request<'_>,
    ) -> Result<Outcome<'s, F::Carry>, Fault> {
        let (worker, filter) = (&*self.worker, &self.worker.config.filter);
        let map = Head::read(stream, Map::Request, filter.request_headers())?;
        let head = RequestHead { headers: map.headers() };
        let ticket = request.paused.map(|paused| &paused.ticket);
        let decision = worker
            .with_env(
                (stream, Some(stream)),
                &request.waiting,
                request.callout,
                ticket,
                |filter, state, env| {
                    worker.catch_up(state, env);
                    filter.on_request(&head, state, env)
                },
            )
            .ok_or(Fault::Reentered)?;
        match decision {
            Decision::Continue { mutations, carry, reason } => {
                worker.config.metrics.count_decision(stream, reason);
                let calls = map.calls(&head.headers, &mutations);
                drop(head);
                drop(map);
                head::mutate_request(stream, &calls)?;
                Ok(Outcome::Continue(carry))
            }
            Decision::Respond { mutations, response, reason } => {
                worker.config.metrics.count_decision(stream, reason);
                let grpc = map.grpc_kind(&head.headers);
                let calls = map.calls(&head.headers, &mutations);
                drop(head);
                drop(map);
                head::mutate_request(stream, &calls)?;
                let responder = worker.responder().ok_or(Fault::Reentered)?;
                let details = format!("novasphere_{responder}:{reason}");
                Ok(Outcome::Respond { response, grpc, details })
            }
            Decision::Pause { queue, until, ticket } => {
                self.pause(stream, request, queue, until, ticket).map(Outcome::Hold)
            }
            Decision::Call(callout) => {
                drop(head);
                drop(map);
                self.call(stream, request, &callout)
            }
        }
    }

    fn pause(
        &self,
        stream: &StreamHandle,
        request: &Request<'_>,
        queue: usize,
        until: UnixTime,
        ticket: Rc<dyn Any>,
    ) -> Result<State<F::Carry>, Fault> {
        // A request that waits again keeps its time limit, so that it cannot wait forever.
        let now = Call::new(&self.worker, stream, None).now();
        let new = TimeLimit::new(now, until);
        let limit = match &request.waiting {
            Waiting::InQueue(_) => new,
            Waiting::InPlace { in_time: true } => request.paused.map_or(new, |p| p.limit),
            Waiting::InPlace { in_time: false } => return Err(Fault::Unable("pause the request")),
        };
        let place = self.worker.queues.take_place(queue);
        let left = Duration::from_millis(limit.left_ms(now));
        let waiter = self.worker.add_waiter(stream.scheduler(), left);
        Ok(State::Paused(Paused { _place: place, limit, ticket, _waiter: waiter }))
    }

    /// Makes a callout for a request. If Envoy refuses it, the filter decides again at once.
    fn call<'s>(
        &'s self,
        stream: &mut StreamHandle,
        request: &Request<'_>,
        callout: &Callout<'_>,
    ) -> Result<Outcome<'s, F::Carry>, Fault> {
        if request.callout.is_some() {
            return Err(Fault::Unable("call twice for a request"));
        }
        match callout::send(stream, callout) {
            Ok(id) => Ok(Outcome::Hold(State::Calling(PendingCallout::new(id, callout)))),
            Err(Status(status)) => {
                let response = Err(FetchError::NotSent(status));
                let result = CalloutResult { ticket: &callout.ticket, response: &response };
                let waiting = Waiting::InQueue(&self.worker.queues);
                self.decide(stream, &Request { waiting, callout: Some(result), paused: None })
            }
        }
    }

    /// Applies the filter's mutations to a response, if the filter continued the request.
    pub(crate) fn on_response(&self, mut stream: StreamHandle) {
        let carry = match self.replace_state(State::Idle) {
            State::Continued(carry) => carry,
            // A local response of this filter, or of Envoy while the request waited. The request is
            // over in both cases.
            state => {
                drop(self.replace_state(State::Responded));
                self.abandon(state);
                return;
            }
        };
        if let Err(fault) = self.mutate_response(&mut stream, carry) {
            log_fault::<F>(&fault, "response");
        }
    }

    fn mutate_response(&self, stream: &mut StreamHandle, carry: F::Carry) -> Result<(), Fault> {
        let filter = &self.worker.config.filter;
        let map = Head::read(stream, Map::Response, filter.response_headers())?;
        let head = ResponseHead { headers: map.headers() };
        let mutations = filter.on_response(carry, &head);
        let calls = map.calls(&head.headers, &mutations);
        drop(head);
        drop(map);
        head::mutate_response(stream, &calls)
    }
}

/// Responds with 500 to a request that could not be checked.
pub(crate) fn refuse(stream: StreamHandle) {
    let grpc = head::grpc_kind(&stream);
    local_response::send_fault(stream, grpc.as_ref(), FAULT_DETAILS);
}

fn log_fault<F: Filter>(fault: &Fault, phase: &str) {
    host::log(Level::Error, F::NAME, format_args!("{fault} in the {phase} phase"));
}
