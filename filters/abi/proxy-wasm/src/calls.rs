//! Callouts of requests. Each stream makes its own call and is resumed when that call ends, because
//! nginx supports nothing else.

use std::{
    any::Any,
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{Callout, CalloutResult, FetchError, FetchResponse, Headers};

use crate::{
    codec::header_map,
    dialect::Dialect,
    hostcalls::{self, Map, Status},
    id_map::IdMap,
};

/// The callouts of one VM that have not ended, by token.
#[derive(Clone, Default)]
pub(crate) struct Calls(Rc<RefCell<IdMap<PendingCall>>>);

/// A callout that has not ended.
pub(crate) struct PendingCall {
    /// The stream context that waits for it.
    pub(crate) stream: u32,
    ticket: Rc<dyn Any>,
    max_body: usize,
    /// The root context that asked. Gone after a new configuration.
    root: Weak<dyn Any>,
}

/// Held by the stream that waits for a callout.
pub(crate) struct CallGuard {
    token: u32,
    calls: Calls,
}

impl Calls {
    /// Removes the callout with this token.
    pub(crate) fn take(&self, token: u32) -> Option<PendingCall> {
        self.0.borrow_mut().remove(token)
    }

    /// Forgets the callouts whose root contexts are gone.
    pub(crate) fn forget_orphans(&self) {
        self.0.borrow_mut().retain(|call| call.root.strong_count() > 0);
    }

    /// Makes a callout for the stream that is the effective context.
    pub(crate) fn send(
        &self,
        stream: u32,
        callout: &Callout<'_>,
        root: Weak<dyn Any>,
    ) -> Result<CallGuard, FetchError> {
        let scheme: &[u8] = if callout.endpoint.https { b"https" } else { b"http" };
        let mut lines: Vec<(&[u8], &[u8])> = vec![
            (b":method", b"POST"),
            (b":path", callout.endpoint.path.as_bytes()),
            (b":authority", callout.endpoint.authority.as_bytes()),
            (b":scheme", scheme),
        ];
        lines.extend(callout.headers.iter().map(|(n, v)| (n.as_str().as_bytes(), v.as_bytes())));
        let lines = header_map::serialise(&lines);
        let token =
            hostcalls::http_call(callout.upstream, &lines, &callout.body, callout.timeout_ms)
                .map_err(|Status(status)| FetchError::NotSent(status))?;
        let (ticket, max_body) = (Rc::clone(&callout.ticket), callout.max_body);
        self.0.borrow_mut().insert(token, PendingCall { stream, ticket, max_body, root });
        Ok(CallGuard { token, calls: self.clone() })
    }
}

impl CallGuard {
    pub(crate) fn token(&self) -> u32 {
        self.token
    }
}

/// On Envoy the callout outlives its stream, and its end is still reported.
impl Drop for CallGuard {
    fn drop(&mut self) {
        if !Dialect::current().traits().reports_orphaned_callouts {
            drop(self.calls.take(self.token));
        }
    }
}

impl PendingCall {
    /// The root context that asked. `None` after a new configuration.
    pub(crate) fn root<R: 'static>(&self) -> Option<Rc<R>> {
        self.root.upgrade()?.downcast().ok()
    }

    /// Passes the result, with `lines` header lines and `body` bytes, to `use_result`.
    pub(crate) fn end<T>(
        &self,
        lines: usize,
        body: usize,
        use_result: impl FnOnce(CalloutResult<'_>) -> T,
    ) -> T {
        let read = read_response(Dialect::current(), lines, body, self.max_body);
        let response = match &read {
            Ok((map, body)) => Ok(response(map, body)),
            Err(error) => Err(*error),
        };
        use_result(CalloutResult { ticket: &self.ticket, response: &response })
    }
}

/// The response to a call from its serialised header map and its body.
pub(crate) fn response<'r>(map: &'r [u8], body: &'r [u8]) -> FetchResponse<'r> {
    let headers = Headers::borrowed(header_map::lines(map));
    let status = headers.get(":status").and_then(|s| str::from_utf8(s).ok()?.parse().ok());
    FetchResponse { status: status.unwrap_or(0), headers, body }
}

/// Reads the serialised header map and the body of the call that just ended. Its response has
/// `lines` header lines and `body` bytes.
pub(crate) fn read_response(
    dialect: Dialect,
    lines: usize,
    body: usize,
    max_body: usize,
) -> Result<(Vec<u8>, Vec<u8>), FetchError> {
    if lines == 0 || !dialect.can_read_callout_head(lines) {
        return Err(FetchError::NoResponse);
    }
    if body > max_body {
        return Err(FetchError::TooLarge(body));
    }
    let map = hostcalls::header_map(Map::CallResponse).map_err(|_| FetchError::NoResponse)?;
    let body = if body == 0 { Ok(Vec::new()) } else { hostcalls::call_response_body(body) };
    Ok((map, body.map_err(|_| FetchError::NoResponse)?))
}
