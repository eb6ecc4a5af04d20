//! Calls that requests wait for. A stream calls for itself and is resumed by its own call's end,
//! because that is all that nginx can do.

use std::{
    any::Any,
    cell::RefCell,
    rc::{Rc, Weak},
};

use novasphere_core::{CalloutResult, FetchError, FetchResponse, Filter, Headers};

use crate::{
    header_map,
    hostcalls::{self, Map, Status},
    nginx::{self, head},
    root::Configured,
    table::Table,
};

/// Calls under way, by their tokens.
#[derive(Clone)]
pub(crate) struct Calls(Rc<RefCell<Table<Call>>>);

/// One of them.
pub(crate) struct Call {
    /// Whose it is.
    pub(crate) stream: u32,
    ticket: Rc<dyn Any>,
    max_body: usize,
    /// What asked; gone when another has taken its place.
    configured: Weak<dyn Any>,
}

/// A stream's own call. On Envoy it goes on when the stream ends.
pub(crate) struct UnderWay {
    token: u32,
    calls: Calls,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(Table::new())))
    }

    /// The one that ended.
    pub(crate) fn take(&self, token: u32) -> Option<Call> {
        self.0.borrow_mut().remove(token)
    }

    /// Those whose end nobody will hear of.
    pub(crate) fn forget_orphans(&self) {
        self.0.borrow_mut().retain(|call| call.configured.strong_count() > 0);
    }

    /// Makes a call in the name of the stream that the host is being called about.
    pub(crate) fn send(
        &self,
        stream: u32,
        call: &novasphere_core::Callout<'_>,
        configured: Weak<dyn Any>,
    ) -> Result<UnderWay, FetchError> {
        let scheme: &[u8] = if call.endpoint.https { b"https" } else { b"http" };
        let mut lines: Vec<(&[u8], &[u8])> = vec![
            (b":method", b"POST"),
            (b":path", call.endpoint.path.as_bytes()),
            (b":authority", call.endpoint.authority.as_bytes()),
            (b":scheme", scheme),
        ];
        let own = call.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        lines.extend(own.map(|(name, value)| (name.as_bytes(), value)));
        let lines = header_map::serialise(&lines);
        let token = hostcalls::http_call(call.upstream, &lines, &call.body, call.timeout_ms)
            .map_err(|Status(status)| FetchError::NotSent(status))?;
        let (ticket, max_body) = (Rc::clone(&call.ticket), call.max_body);
        self.0.borrow_mut().insert(token, Call { stream, ticket, max_body, configured });
        Ok(UnderWay { token, calls: self.clone() })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if nginx::is_host() {
            // Nobody hears of the end there.
            drop(self.calls.take(self.token));
        }
    }
}

impl UnderWay {
    pub(crate) fn is(&self, token: u32) -> bool {
        self.token == token
    }
}

impl Call {
    /// What asked, if it is still there.
    pub(crate) fn configured<P: Filter + 'static>(&self) -> Option<Rc<Configured<P>>> {
        self.configured.upgrade()?.downcast().ok()
    }

    /// Has `decide` see the reply of so many lines and bytes.
    pub(crate) fn ended<T>(
        &self,
        lines: usize,
        body: usize,
        decide: impl FnOnce(CalloutResult<'_>) -> T,
    ) -> T {
        let read = read(lines, body, self.max_body);
        let response = match &read {
            Ok((map, body)) => Ok(response(map, body)),
            Err(error) => Err(*error),
        };
        decide(CalloutResult { ticket: &self.ticket, response: &response })
    }
}

/// The reply to a call, from its head, serialised, and its body.
pub(crate) fn response<'r>(map: &'r [u8], body: &'r [u8]) -> FetchResponse<'r> {
    let headers = Headers::borrowed(header_map::lines(map));
    let status = headers.get(":status").and_then(|s| str::from_utf8(s).ok()?.parse().ok());
    FetchResponse { status: status.unwrap_or(0), headers, body }
}

/// The head, serialised, and the body of the reply to a call that just ended: so many lines and
/// bytes, of which at most so many are wanted.
pub(crate) fn read(
    lines: usize,
    body: usize,
    max_body: usize,
) -> Result<(Vec<u8>, Vec<u8>), FetchError> {
    if lines == 0 || (nginx::is_host() && !head::fits(lines, head::OF_REPLY)) {
        return Err(FetchError::NoResponse);
    }
    if body > max_body {
        return Err(FetchError::TooLarge(body));
    }
    let map = hostcalls::header_map(Map::Fetched).map_err(|_| FetchError::NoResponse)?;
    let body = if body == 0 { Ok(Vec::new()) } else { hostcalls::fetched_body(body) };
    Ok((map, body.map_err(|_| FetchError::NoResponse)?))
}
