//! Callouts.

use novasphere_core::{Callout, CalloutResult, FetchError, Filter};

use super::{
    Request, Stream, call_response::CallResponse, pending_callout::PendingCallout, state::State,
    waiting::Waiting,
};
use crate::{
    exports::CallEnd,
    host::{Line, Status, StreamHandle},
};

impl<F: Filter + 'static> Stream<F> {
    /// A callout ended. The filter decides about its request again.
    pub(crate) fn on_callout_end(&self, stream: StreamHandle, callout: u64, end: &CallEnd<'_>) {
        let PendingCallout { ticket, max_body, .. } = match self.replace_state(State::Idle) {
            State::Calling(pending) if pending.id == callout => pending,
            state => {
                drop(self.replace_state(state));
                return;
            }
        };
        let read = CallResponse::read(end, max_body);
        let response = read.as_ref().map(CallResponse::response).map_err(|error| *error);
        let result = CalloutResult { ticket: &ticket, response: &response };
        let waiting = Waiting::InQueue(&self.worker.queues);
        self.decide_again(stream, &Request { waiting, callout: Some(result), paused: None });
    }

    /// Ends a request in this state. Envoy cancels its callout without a result. The filter must
    /// still learn that an upstream stalls if all clients leave before the time limit.
    pub(super) fn abandon(&self, state: State<F::Carry>) {
        let State::Calling(pending) = state else { return };
        if !pending.is_overdue() {
            return;
        }
        let response = Err(FetchError::NoResponse);
        let result = CalloutResult { ticket: &pending.ticket, response: &response };
        self.worker.with_env_at_end(|filter, state, env| {
            filter.on_orphaned_callout(result, state, env);
        });
    }
}

/// Sends a callout of a request. Returns its number.
pub(super) fn send(stream: &mut StreamHandle, callout: &Callout<'_>) -> Result<u64, Status> {
    let scheme: &[u8] = if callout.endpoint.https { b"https" } else { b"http" };
    let mut lines = vec![
        Line::of(b":method", b"POST"),
        Line::of(b":path", callout.endpoint.path.as_bytes()),
        Line::of(b":authority", callout.endpoint.authority.as_bytes()),
        Line::of(b":scheme", scheme),
    ];
    let own = callout.headers.iter();
    lines.extend(own.map(|(name, value)| Line::of(name.as_str().as_bytes(), value.as_bytes())));
    stream.callout(callout.upstream, &lines, &callout.body, callout.timeout_ms)
}
