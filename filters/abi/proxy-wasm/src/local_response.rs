//! Local responses.

use novasphere_core::LocalResponse;
use novasphere_messages::grpc::{self, GrpcKind, GrpcParts};

use crate::{
    dialect::{Dialect, Line, ResponseParts},
    fault::Fault,
};

/// Sends a filter's response to a request of this kind. For `after_failed_callout`, see
/// [`ResponseParts`].
pub(crate) fn send(
    dialect: Dialect,
    response: &LocalResponse<'_>,
    grpc: Option<&GrpcKind>,
    details: &str,
    after_failed_callout: bool,
) -> Result<(), Fault> {
    let headers = response.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value));
    let mark = dialect.traits().rate_limited.filter(|_| response.rate_limited);
    let headers: Vec<Line<'_>> = headers.chain(mark).collect();
    send_parts(
        dialect,
        grpc,
        &ResponseParts {
            status: response.status,
            details,
            headers: &headers,
            body: &response.body,
            message: &response.message,
            grpc_status: response.grpc_status,
            after_failed_callout,
        },
    )
}

/// Responds with 500. A request that could not be checked must not pass.
pub(crate) fn send_fault(dialect: Dialect) -> Result<(), Fault> {
    send_parts(
        dialect,
        dialect.grpc_kind().as_ref(),
        &ResponseParts {
            status: 500,
            details: "novasphere_fault",
            headers: &[],
            body: b"",
            message: "",
            grpc_status: None,
            after_failed_callout: false,
        },
    )
}

/// Responds with `message` in Kong's error format.
pub(crate) fn send_message(
    dialect: Dialect,
    status: u16,
    message: &str,
    after_failed_callout: bool,
) -> Result<(), Fault> {
    send_parts(
        dialect,
        dialect.grpc_kind().as_ref(),
        &ResponseParts {
            status,
            details: "",
            headers: &[(b"content-type", b"application/json; charset=utf-8")],
            body: format!("{{\"message\":\"{message}\"}}").as_bytes(),
            message,
            grpc_status: None,
            after_failed_callout,
        },
    )
}

fn send_parts(
    dialect: Dialect,
    grpc: Option<&GrpcKind>,
    parts: &ResponseParts<'_>,
) -> Result<(), Fault> {
    let sent = match grpc {
        None => dialect.send_local_response(parts),
        Some(kind) => {
            let &ResponseParts { status, grpc_status, message, headers, .. } = parts;
            let code = grpc_status.unwrap_or_else(|| grpc::code(status));
            let exact_bodies = dialect.traits().exact_bodies;
            let grpc = GrpcParts::new(kind, code, message, headers, exact_bodies);
            let (headers, body) = (grpc.headers(), &*grpc.body);
            let parts = ResponseParts { status: 200, headers: &headers, body, ..*parts };
            dialect.send_local_response(&parts)
        }
    };
    sent.map_err(|status| Fault::Host("send a response", status))
}
