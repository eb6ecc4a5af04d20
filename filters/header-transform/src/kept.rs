//! What no rule touches, and what goes only by its own name.

use std::{borrow::Cow, str};

/// Fields about one connection (RFC 9110 section 7.6.1). `Proxy-` ones are between a client and its
/// proxy (section 11.7).
pub(crate) fn is_of_connection(name: &str) -> bool {
    const NAMES: [&str; 5] = ["connection", "keep-alive", "te", "upgrade", "http2-settings"];
    NAMES.contains(&name) || name.starts_with("proxy-")
}

/// Fields about where a message ends (RFC 9112 section 6).
pub(crate) fn is_framing(name: &str) -> bool {
    matches!(name, "content-length" | "trailer" | "transfer-encoding")
}

/// Fields of the WebSocket handshake (RFC 6455 section 4.2.2).
pub(crate) fn is_handshake(name: &str) -> bool {
    name.starts_with("sec-websocket-")
}

/// Without these, a message says something else: what its content is (RFC 9110 section 8), who may
/// store it (RFC 9111 section 5), where to go and what to do now (RFC 9110 sections 10.2, 11.6), and
/// how a gRPC call ended.
fn is_needed(name: &str) -> bool {
    const NAMES: [&str; 10] = [
        "allow",
        "cache-control",
        "content-encoding",
        "content-range",
        "content-type",
        "date",
        "location",
        "retry-after",
        "vary",
        "www-authenticate",
    ];
    NAMES.contains(&name) || name.starts_with("grpc-")
}

/// Fields that somebody who writes `c*` or `x-*` will not have thought of: without these, sessions
/// are lost, and Envoy has no route.
fn is_important(name: &str) -> bool {
    const NAMES: [&str; 5] = ["authorization", "cookie", "host", "set-cookie", "x-forwarded-proto"];
    NAMES.contains(&name)
}

/// Whether a line stays when a pattern matches its name.
pub(crate) fn stays_unless_named(name: &[u8]) -> bool {
    stays_unlisted(name) || lower(name).is_none_or(|name| is_important(&name))
}

/// Whether a line stays although it is not in the list of those that may pass.
pub(crate) fn stays_unlisted(name: &[u8]) -> bool {
    name.starts_with(b":")
        || lower(name).is_none_or(|name| {
            is_needed(&name) || is_framing(&name) || is_of_connection(&name) || is_handshake(&name)
        })
}

/// Whether every known name that starts with `stem` stays when a pattern matches it (IANA, HTTP Field
/// Name Registry).
pub(crate) fn stay_all(stem: &str) -> bool {
    const STARTS: [&str; 18] = [
        "authorization",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "grpc-",
        "http2-",
        "keep-",
        "proxy-",
        "retry-",
        "sec-websocket-",
        "set-cookie",
        "trailer",
        "transfer-",
        "www-",
        "x-forwarded-proto",
    ];
    STARTS.iter().any(|start| stem.starts_with(start))
}

/// A name that is no text is none of ours.
fn lower(name: &[u8]) -> Option<Cow<'_, str>> {
    let name = str::from_utf8(name).ok()?;
    let is_lower = !name.bytes().any(|b| b.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) })
}
