//! Local responses on nginx.

use std::borrow::Cow;

use super::grpc;
use crate::{
    codec::header_map,
    dialect::{Line, ResponseParts},
    hostcalls::{self, Status},
};

/// Sends a response. Its details are omitted: nginx would send them as the reason phrase.
pub(crate) fn send(response: &ResponseParts<'_>) -> Result<(), Status> {
    let &ResponseParts { status, headers, body, grpc_status, after_failed_callout, .. } = response;
    // After a failed callout, nginx closes the connection when it sends a body.
    let (headers, body) = if after_failed_callout {
        (without(headers, &[b"content-type"]), &b""[..])
    } else {
        (Cow::Borrowed(headers), body)
    };
    if content_type().is_some_and(|content_type| grpc::is_grpc(&content_type)) {
        send_grpc(status, &headers, body, grpc_status)
    } else {
        send_parts(status, &headers, body)
    }
}

/// The content type of the request. Reads one line instead of the whole head.
fn content_type() -> Option<Vec<u8>> {
    hostcalls::property(b"request\0headers\0content-type").ok()
}

fn without<'r>(headers: &[Line<'r>], names: &[&[u8]]) -> Cow<'r, [Line<'r>]> {
    headers.iter().filter(|(name, _)| !names.contains(name)).copied().collect()
}

fn send_grpc(
    status: u16,
    headers: &[Line<'_>],
    body: &[u8],
    grpc_status: Option<i32>,
) -> Result<(), Status> {
    let code = grpc_status.unwrap_or_else(|| grpc::code(status)).to_string();
    let message = grpc::message(body);
    let mut headers = without(headers, &[b"content-type", b"content-length"]).into_owned();
    headers.push((b"content-type", b"application/grpc"));
    headers.push((b"grpc-status", code.as_bytes()));
    headers.push((b"grpc-message", message.as_bytes()));
    send_parts(200, &headers, b"")
}

fn send_parts(status: u16, headers: &[Line<'_>], body: &[u8]) -> Result<(), Status> {
    hostcalls::send_local_response(status, b"", &header_map::serialise(headers), body, None)
}
