//! `block_disallowed`: rejects requests that pages on disallowed origins send.

use std::borrow::Cow;

use novasphere_core::{HeaderName, LocalResponse, RequestHead, trace::Note};

use crate::{
    header_names::VARY,
    origin::{Origin, RequestOrigin},
    vary,
};

static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// Whether the request could change something, or opens a connection that could: its method is not
/// safe (RFC 9110 section 9.2.1), or it asks for another protocol.
///
/// Browsers open WebSockets across origins without a preflight (RFC 6455 section 10.2). They send
/// `Upgrade` or, over HTTP/2, the method CONNECT with `:protocol` (RFC 8441 section 4). Some proxies
/// show the latter as an upgrade.
pub(crate) fn can_change_something(head: &RequestHead<'_>) -> bool {
    !matches!(head.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE")
        || head.headers.contains("upgrade")
        || head.headers.contains(":protocol")
}

/// Whether the page that sent the request is on the request's own origin.
///
/// TLS may end before the proxy, so a request from an https page may arrive as http. A request from
/// an http page that arrives as https is cross-origin.
pub(crate) fn is_same_origin(origin: &RequestOrigin<'_>, head: &RequestHead<'_>) -> bool {
    let RequestOrigin::Single(value) = origin else { return false };
    let Some(origin) = value.origin() else { return false };
    let authority = head.headers.get(":authority").or(head.headers.get("host"));
    let Some(Ok(authority)) = authority.map(str::from_utf8) else { return false };
    let scheme = head.headers.get(":scheme").unwrap_or(b"http");
    let is_scheme = origin.scheme.as_bytes().eq_ignore_ascii_case(scheme)
        || (scheme.eq_ignore_ascii_case(b"http") && origin.scheme.eq_ignore_ascii_case("https"));
    is_scheme
        && Origin::of_request(origin.scheme, authority)
            .is_ok_and(|target| origin.is_same_origin(&target))
}

/// The note about a rejected request.
pub(crate) fn note(head: &RequestHead<'_>) -> Note {
    let expected = "GET, HEAD, OPTIONS or TRACE without upgrade from disallowed origins";
    let note = Note::new("block_disallowed").expected(expected);
    note.found_bytes(head.method()).matches(false).decides(true)
}

/// The response to a rejected request. The body has the format of Kong's errors.
pub(crate) fn response() -> LocalResponse<'static> {
    LocalResponse {
        status: 403,
        headers: vec![
            (&VARY, vary::ORIGIN.value()),
            (&CONTENT_TYPE, Cow::Borrowed(b"application/json; charset=utf-8")),
        ],
        body: Cow::Borrowed(br#"{"message":"Origin not allowed"}"#),
        grpc_status: None,
        message: Cow::Borrowed("Origin not allowed"),
        rate_limited: false,
    }
}
