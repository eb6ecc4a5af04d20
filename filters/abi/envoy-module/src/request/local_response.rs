//! Local responses.

use novasphere_core::LocalResponse;
use novasphere_messages::grpc::{self, GrpcKind, GrpcParts};

use crate::host::{LocalReply, StreamHandle};

/// An Envoy in front does not retry a response with this header, unless its retry policy contains
/// envoy-ratelimited.
const RATE_LIMITED: (&[u8], &[u8]) = (b"x-envoy-ratelimited", b"true");

/// Sends a filter's response to a request of this kind. `details` is for the access log.
pub(super) fn send(
    stream: StreamHandle,
    response: &LocalResponse<'_>,
    grpc: Option<&GrpcKind>,
    details: &str,
) {
    let headers = response.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value));
    let mark = response.rate_limited.then_some(RATE_LIMITED);
    let headers: Vec<(&[u8], &[u8])> = headers.chain(mark).collect();
    let status = response.status;
    match grpc {
        None => {
            stream.respond(&LocalReply {
                status,
                headers: &headers,
                body: &response.body,
                details,
            });
        }
        // Without a `grpc-status`, Envoy would tell gRPC clients that the call succeeded.
        Some(kind) => {
            let code = response.grpc_status.unwrap_or_else(|| grpc::code(status));
            let parts = GrpcParts::new(kind, code, &response.message, &headers, true);
            let (headers, body) = (parts.headers(), &*parts.body);
            stream.respond(&LocalReply { status: 200, headers: &headers, body, details });
        }
    }
}

/// Responds with 500. A request that could not be checked must not pass.
pub(super) fn send_fault(stream: StreamHandle, grpc: Option<&GrpcKind>, details: &str) {
    let response = LocalResponse {
        status: 500,
        headers: Vec::new(),
        body: b"".into(),
        grpc_status: None,
        message: "".into(),
        rate_limited: false,
    };
    send(stream, &response, grpc, details);
}
