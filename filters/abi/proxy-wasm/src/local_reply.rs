//! Answers made here instead of by the upstream.

use crate::{
    header_map,
    hostcalls::{self, Status},
    nginx::{self, grpc},
    request::Fault,
};

type Line<'r> = (&'r [u8], &'r [u8]);

/// Sends an answer. `details` is for the access log, where the host has a place for it:
/// `%RESPONSE_CODE_DETAILS%` of Envoy. `grpc_status` is what a gRPC client is told instead; -1
/// leaves it to the host.
pub(crate) fn send(
    status: u16,
    details: &str,
    lines: &[Line<'_>],
    body: &[u8],
    grpc_status: i32,
) -> Result<(), Fault> {
    let sent = if nginx::is_host() {
        // The details would be the reason phrase, and tell the client.
        if content_type().is_some_and(|content_type| grpc::is_grpc(&content_type)) {
            to_grpc(status, lines, body, grpc_status)
        } else {
            call(status, "", lines, body, -1)
        }
    } else {
        call(status, details, lines, body, grpc_status)
    };
    sent.map_err(|status| Fault::Host("send a reply", status))
}

/// The request's, without reading the whole head.
fn content_type() -> Option<Vec<u8>> {
    hostcalls::property(b"request\0headers\0content-type").ok()
}

fn to_grpc(status: u16, lines: &[Line<'_>], body: &[u8], grpc_status: i32) -> Result<(), Status> {
    let code = if grpc_status < 0 {
        grpc::code(status).to_vec()
    } else {
        grpc_status.to_string().into_bytes()
    };
    let message = grpc::message(body);
    let about_body = |name: &[u8]| name == b"content-type" || name == b"content-length";
    let mut lines: Vec<Line<'_>> =
        lines.iter().copied().filter(|(name, _)| !about_body(name)).collect();
    lines.push((b"content-type", b"application/grpc"));
    lines.push((b"grpc-status", &code));
    lines.push((b"grpc-message", &message));
    call(200, "", &lines, b"", -1)
}

fn call(
    status: u16,
    details: &str,
    lines: &[Line<'_>],
    body: &[u8],
    grpc_status: i32,
) -> Result<(), Status> {
    let map = header_map::serialise(lines);
    hostcalls::send_local_response(status, details.as_bytes(), &map, body, grpc_status)
}

/// Sends an answer that says in Kong's form what is wrong. The text holds no character that JSON
/// would want escaped.
pub(crate) fn message(status: u16, text: &str) -> Result<(), Fault> {
    let content_type: Line<'_> = (b"content-type", b"application/json; charset=utf-8");
    let body = format!("{{\"message\":\"{text}\"}}");
    send(status, "", &[content_type], body.as_bytes(), -1)
}
