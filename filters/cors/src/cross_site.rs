//! Refusing what a foreign page does, and not only what it reads.

use std::borrow::Cow;

use novasphere_core::{HeaderName, LocalResponse, RequestHead};

use crate::{fields::VARY, group::Sender, origin::Origin, vary};

static CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// Whether the request could change something, or opens a connection that could: its method is not
/// safe (RFC 9110 section 9.2.1), or it asks for another protocol. Browsers open WebSockets across
/// origins without asking first (RFC 6455 section 10.2), with `Upgrade` or, over HTTP/2, with the
/// method CONNECT and `:protocol` (RFC 8441 section 4), which some proxies show as an upgrade.
pub(crate) fn can_act(head: &RequestHead<'_>) -> bool {
    !matches!(head.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE")
        || head.headers.contains("upgrade")
        || head.headers.contains(":protocol")
}

/// Whether the page that sent the request came from the same origin as what it asks for.
///
/// TLS may end before the proxy, so that a request from an https page arrives as http. The other
/// way round it is another origin.
pub(crate) fn is_same_origin(sender: &Sender<'_>, head: &RequestHead<'_>) -> bool {
    let Sender::Line(line) = sender else { return false };
    let Some(origin) = line.origin() else { return false };
    let authority = head.headers.get(":authority").or(head.headers.get("host"));
    let Some(Ok(authority)) = authority.map(str::from_utf8) else { return false };
    let scheme = head.headers.get(":scheme").unwrap_or(b"http");
    let is_scheme = origin.scheme.as_bytes().eq_ignore_ascii_case(scheme)
        || (scheme.eq_ignore_ascii_case(b"http") && origin.scheme.eq_ignore_ascii_case("https"));
    is_scheme && Origin::of_request(origin.scheme, authority).is_ok_and(|target| origin.is(&target))
}

/// The answer to a request that is refused; its body is in Kong's form.
pub(crate) fn refusal() -> LocalResponse<'static> {
    LocalResponse {
        status: 403,
        headers: vec![
            (&VARY, vary::ORIGIN.value()),
            (&CONTENT_TYPE, Cow::Borrowed(b"application/json; charset=utf-8")),
        ],
        body: Cow::Borrowed(br#"{"message":"Origin not allowed"}"#),
        grpc_status: None,
    }
}
