//! Local responses for gRPC clients: status 200, the outcome in headers, and no body
//! ("Trailers-Only" of the gRPC protocol). The host itself would respond with a plain 200.

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// Whether a request with this `Content-Type` is gRPC.
pub(super) fn is_grpc(content_type: &[u8]) -> bool {
    let kind = b"application/grpc";
    content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
        && matches!(content_type.get(kind.len()), None | Some(b'+' | b';' | b' '))
}

/// The gRPC status for an HTTP status ("HTTP to gRPC Status Code Mapping"). One deviation: 429 is
/// RESOURCE_EXHAUSTED, because clients retry UNAVAILABLE.
pub(super) fn code(status: u16) -> i32 {
    match status {
        400 | 431 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 => 8,
        500 => 13,
        502..=504 => 14,
        _ => 2,
    }
}

/// The value of `grpc-message`: percent-encoded except visible ASCII and spaces.
pub(super) fn message(text: &[u8]) -> String {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_type_identifies_grpc() {
        for yes in ["application/grpc", "application/grpc+proto", "Application/gRPC; x=y"] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in ["", "application/json", "application/grpc-web", "text/application/grpc"] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn codes_follow_the_http_status() {
        let codes = [401, 403, 429, 500, 400, 418].map(code);
        assert_eq!(codes, [16, 7, 8, 13, 13, 2]);
    }

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(message("100% {\"a\"}\n\u{e9}".as_bytes()), "100%25 {\"a\"}%0A%C3%A9");
    }
}
