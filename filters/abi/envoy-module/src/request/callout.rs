//! Callouts.

use novasphere_core::Callout;

use crate::host::{Line, Status, StreamHandle};

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
