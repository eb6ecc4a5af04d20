//! Refusals for gRPC clients: status 200, the outcome in headers, and no body ("Trailers-Only" of
//! the gRPC protocol). The host's own way to reply to gRPC is a plain 200.

/// Whether a request with this `Content-Type` is gRPC.
pub(crate) fn is_grpc(content_type: &[u8]) -> bool {
    let kind = b"application/grpc";
    content_type.get(..kind.len()).is_some_and(|start| start.eq_ignore_ascii_case(kind))
        && matches!(content_type.get(kind.len()), None | Some(b'+' | b';' | b' '))
}

/// The code for an HTTP status, as gRPC maps it ("HTTP to gRPC Status Code Mapping"), but for 429:
/// clients retry UNAVAILABLE, so it is RESOURCE_EXHAUSTED.
pub(crate) fn code(status: u16) -> &'static [u8] {
    match status {
        400 | 431 => b"13",
        401 => b"16",
        403 => b"7",
        404 => b"12",
        429 => b"8",
        500 => b"13",
        502..=504 => b"14",
        _ => b"2",
    }
}

/// `grpc-message`: percent-encoded but for visible ASCII and spaces.
pub(crate) fn message(text: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len());
    for byte in text {
        if matches!(byte, b' '..=b'~') && *byte != b'%' {
            encoded.push(*byte);
        } else {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0') as u8;
            encoded
                .extend([b'%', digit(byte >> 4), digit(byte & 15)].map(|b| b.to_ascii_uppercase()));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type() {
        for yes in ["application/grpc", "application/grpc+proto", "Application/gRPC; x=y"] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in ["", "application/json", "application/grpc-web", "text/application/grpc"] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn clients_are_told_what_happened() {
        let codes = [401, 403, 429, 500, 400, 418].map(code);
        assert_eq!(codes, [&b"16"[..], b"7", b"8", b"13", b"13", b"2"]);
    }

    #[test]
    fn messages_are_percent_encoded() {
        assert_eq!(message("100% {\"a\"}\n\u{e9}".as_bytes()), b"100%25 {\"a\"}%0A%C3%A9");
    }
}
