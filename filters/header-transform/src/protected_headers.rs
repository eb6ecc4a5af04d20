//! Headers that no rule may name, and headers that only their full name removes.

use std::{borrow::Cow, str};

/// Headers of one connection (RFC 9110 section 7.6.1). `Proxy-*` headers are between a client and
/// its proxy (section 11.7).
pub(crate) fn is_connection(name: &str) -> bool {
    const NAMES: [&str; 5] = ["connection", "keep-alive", "te", "upgrade", "http2-settings"];
    NAMES.contains(&name) || name.starts_with("proxy-")
}

/// Headers that determine the end of a message (RFC 9112 section 6).
pub(crate) fn is_framing(name: &str) -> bool {
    matches!(name, "content-length" | "trailer" | "transfer-encoding")
}

/// Headers of the WebSocket handshake (RFC 6455 section 4.2.2).
pub(crate) fn is_handshake(name: &str) -> bool {
    name.starts_with("sec-websocket-")
}

/// Headers without which a message changes its meaning: the kind of its content (RFC 9110 section
/// 8), who may store it (RFC 9111 section 5), where to go and what to do next (RFC 9110 sections
/// 10.2 and 11.6), and the result of a gRPC call.
fn is_essential(name: &str) -> bool {
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

/// Headers that a pattern such as `c*` or `x-*` would remove by mistake. Without them, sessions end
/// and Envoy has no route.
fn is_removed_by_mistake(name: &str) -> bool {
    const NAMES: [&str; 5] = ["authorization", "cookie", "host", "set-cookie", "x-forwarded-proto"];
    NAMES.contains(&name)
}

/// Headers with which a filter tells a client why it refuses a request and what to do next. Other
/// filters must not change them.
pub(crate) fn belongs_to_refusal(name: &str) -> bool {
    const NAMES: [&str; 5] =
        ["content-type", "ratelimit", "retry-after", "vary", "www-authenticate"];
    const STARTS: [&str; 4] = ["access-control-", "grpc-", "ratelimit-", "x-ratelimit-"];
    NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start))
}

/// Whether a rule may add a line to a header of a refusal: caches become more careful with each name
/// in `Vary`.
pub(crate) fn may_be_added_to_refusal(name: &str) -> bool {
    name == "vary" || !belongs_to_refusal(name)
}

/// Whether a line stays although a pattern matches its name.
pub(crate) fn is_spared_by_patterns(name: &[u8]) -> bool {
    is_spared_by_allow(name) || lower(name).is_none_or(|name| is_removed_by_mistake(&name))
}

/// Whether a line stays although `allow` does not list its name.
pub(crate) fn is_spared_by_allow(name: &[u8]) -> bool {
    name.starts_with(b":")
        || lower(name).is_none_or(|name| {
            is_essential(&name) || is_framing(&name) || is_connection(&name) || is_handshake(&name)
        })
}

/// Whether patterns spare every registered name that starts with `prefix` (IANA, HTTP Field Name
/// Registry).
pub(crate) fn is_spared_prefix(prefix: &str) -> bool {
    const SPARED: [&str; 18] = [
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
    SPARED.iter().any(|spared| prefix.starts_with(spared))
}

/// `None` for a name that is not UTF-8. No rule can name it.
fn lower(name: &[u8]) -> Option<Cow<'_, str>> {
    let name = str::from_utf8(name).ok()?;
    let is_lower = !name.bytes().any(|b| b.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) })
}
