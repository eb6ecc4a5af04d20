//! The answer to a CORS-preflight request (Fetch standard, "CORS-preflight fetch").

use std::borrow::Cow;

use novasphere_core::{HeaderName, Reply, RequestHead};

use crate::{
    fields::{ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, MAX_AGE, VARY},
    vary,
};

/// Bytes of an `Access-Control-Request-Headers` that is echoed; what is longer is not allowed. Some
/// sixty names fit, far more than pages use, and the answer stays below every proxy's limit.
const MAX_ECHO: usize = 2048;

/// What a preflight from an allowed origin is told, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Preflight {
    pub(crate) methods: String,
    pub(crate) headers: AllowHeaders,
    /// Seconds.
    pub(crate) max_age: Option<String>,
    pub(crate) credentials: bool,
}

/// Where `Access-Control-Allow-Headers` comes from.
#[derive(Clone, Debug)]
pub(crate) enum AllowHeaders {
    /// The configuration; empty for none but the safelisted ones.
    Listed(String),
    /// The request: whatever the page wants to send.
    Requested,
}

impl Preflight {
    /// The answer to a preflight whose `Access-Control-Allow-Origin` is to be `allow_origin`;
    /// `None` for an origin that is not allowed.
    pub(crate) fn reply(
        &self,
        allow_origin: Option<Cow<'static, [u8]>>,
        head: &RequestHead<'_>,
    ) -> Reply<'_> {
        let mut headers: Vec<(&HeaderName, Cow<'_, [u8]>)> =
            vec![(&VARY, Cow::Borrowed(vary::PREFLIGHT))];
        if let Some(allow_origin) = allow_origin {
            headers.push((&ALLOW_ORIGIN, allow_origin));
            // A method or header outside these lists is for the browser to refuse.
            headers.push((&ALLOW_METHODS, Cow::Borrowed(self.methods.as_bytes())));
            let allow_headers = match &self.headers {
                AllowHeaders::Listed(names) => Cow::Borrowed(names.as_bytes()),
                AllowHeaders::Requested => Cow::Owned(requested_headers(head).unwrap_or_default()),
            };
            if !allow_headers.is_empty() {
                headers.push((&ALLOW_HEADERS, allow_headers));
            }
            if let Some(seconds) = &self.max_age {
                headers.push((&MAX_AGE, Cow::Borrowed(seconds.as_bytes())));
            }
            if self.credentials {
                headers.push((&ALLOW_CREDENTIALS, Cow::Borrowed(b"true")));
            }
        }
        Reply { status: 204, headers, body: Cow::Borrowed(b"") }
    }
}

/// The names in `Access-Control-Request-Headers`, over all its lines, joined anew; `None` when one
/// of them is not a field name or when they are too long.
fn requested_headers(head: &RequestHead<'_>) -> Option<Vec<u8>> {
    let mut names = Vec::new();
    for line in head.headers.get_all("access-control-request-headers") {
        for member in line.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            HeaderName::parse(str::from_utf8(member).ok()?).ok()?;
            if !names.is_empty() {
                names.extend_from_slice(b", ");
            }
            names.extend_from_slice(member);
            if names.len() > MAX_ECHO {
                return None;
            }
        }
    }
    Some(names)
}
