//! Local responses.

use novasphere_core::LocalResponse;

use crate::{
    dialect::{Dialect, Line, ResponseParts},
    fault::Fault,
};

/// Sends a filter's response. `after_failed_callout`: see [`ResponseParts`].
pub(crate) fn send(
    dialect: Dialect,
    response: &LocalResponse<'_>,
    responder: &str,
    reason: &str,
    after_failed_callout: bool,
) -> Result<(), Fault> {
    let headers: Vec<Line<'_>> =
        response.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value)).collect();
    send_parts(
        dialect,
        &ResponseParts {
            status: response.status,
            details: &format!("novasphere_{responder}:{reason}"),
            headers: &headers,
            body: &response.body,
            grpc_status: response
                .grpc_status
                .map_or_else(|| grpc_status(response.status), |status| Some(i32::from(status))),
            after_failed_callout,
        },
    )
}

/// Responds with 500. A request that could not be checked must not pass.
pub(crate) fn send_fault(dialect: Dialect) -> Result<(), Fault> {
    send_parts(
        dialect,
        &ResponseParts {
            status: 500,
            details: "novasphere_fault",
            headers: &[],
            body: b"",
            grpc_status: Some(INTERNAL),
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
        &ResponseParts {
            status,
            details: "",
            headers: &[(b"content-type", b"application/json; charset=utf-8")],
            body: format!("{{\"message\":\"{message}\"}}").as_bytes(),
            grpc_status: None,
            after_failed_callout,
        },
    )
}

fn send_parts(dialect: Dialect, parts: &ResponseParts<'_>) -> Result<(), Fault> {
    dialect.send_local_response(parts).map_err(|status| Fault::Host("send a response", status))
}

const INTERNAL: i32 = 13;

/// The gRPC status for an HTTP status. `None` leaves it to the host. Hosts map 429 to UNAVAILABLE,
/// which clients retry, so 429 is RESOURCE_EXHAUSTED here.
fn grpc_status(status: u16) -> Option<i32> {
    match status {
        401 => Some(16),
        403 => Some(7),
        429 => Some(8),
        _ => None,
    }
}
