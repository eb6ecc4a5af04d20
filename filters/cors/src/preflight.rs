//! The answer to a CORS-preflight request (Fetch standard, "CORS-preflight fetch").

use std::borrow::Cow;

use novasphere_core::{HeaderName, LocalResponse, RequestHead};

use crate::{
    fields::{
        ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, ALLOW_PRIVATE_NETWORK,
        MAX_AGE, VARY,
    },
    group::{AllowOrigin, Group},
    names::Names,
    vary::Dependence,
};

/// Bytes of an `Access-Control-Request-Headers` that is read; what is longer is not allowed. The
/// answer, where it is an echo, stays below every proxy's limit.
const MAX_BYTES: usize = 2048;

/// Names in it, far more than pages use.
const MAX_NAMES: usize = 64;

/// Who answers preflights.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Preflights {
    /// This filter, with that status.
    CalloutResult(u16),
    /// The upstream.
    Forward,
}

/// What a preflight from an allowed origin is told, ready to send.
#[derive(Clone, Debug)]
pub(crate) struct Preflight {
    pub(crate) methods: Names,
    pub(crate) headers: AllowHeaders,
    /// Seconds.
    pub(crate) max_age: Option<String>,
    pub(crate) private_network: bool,
}

/// Where `Access-Control-Allow-Headers` comes from.
#[derive(Clone, Debug)]
pub(crate) enum AllowHeaders {
    /// The configuration; empty for none but the safelisted ones.
    Listed(Names),
    /// The request: whatever the page wants to send.
    Requested,
}

/// The answer and the decision it stands for. `granted` is the group of the origin and what it is
/// told; without one nothing is said but what the answer depends on.
pub(crate) fn answer<'f>(
    granted: Option<(&'f Group, AllowOrigin)>,
    status: u16,
    vary: Dependence,
    head: &RequestHead<'_>,
) -> (LocalResponse<'f>, &'static str) {
    let mut headers: Vec<(&HeaderName, Cow<'_, [u8]>)> = vec![(&VARY, vary.value())];
    let mut reason = "preflight_refused";
    if let Some((group, allow_origin)) = granted {
        headers.push((&ALLOW_ORIGIN, allow_origin));
        if group.credentials {
            headers.push((&ALLOW_CREDENTIALS, Cow::Borrowed(b"true")));
        }
        reason = group.preflight.tell(head, &mut headers);
    }
    (LocalResponse { status, headers, body: Cow::Borrowed(b""), grpc_status: None }, reason)
}

impl Preflight {
    /// Adds what an allowed origin is told. Its lists stand there whole, also where they do not
    /// hold what it asks for: that is for the browser to refuse, and to say in its console.
    fn tell<'f>(
        &'f self,
        head: &RequestHead<'_>,
        headers: &mut Vec<(&'f HeaderName, Cow<'f, [u8]>)>,
    ) -> &'static str {
        headers.push((&ALLOW_METHODS, Cow::Borrowed(self.methods.as_bytes())));
        let requested = requested_headers(head);
        let allow_headers = match (&self.headers, &requested) {
            (AllowHeaders::Listed(names), _) => Cow::Borrowed(names.as_bytes()),
            (AllowHeaders::Requested, Some(names)) => Cow::Owned(names.join(&b", "[..])),
            (AllowHeaders::Requested, None) => Cow::Borrowed(&b""[..]),
        };
        if !allow_headers.is_empty() {
            headers.push((&ALLOW_HEADERS, allow_headers));
        }
        if let Some(seconds) = &self.max_age {
            headers.push((&MAX_AGE, Cow::Borrowed(seconds.as_bytes())));
        }
        let asks = head.headers.get("access-control-request-private-network");
        if self.private_network && asks == Some(b"true") {
            headers.push((&ALLOW_PRIVATE_NETWORK, Cow::Borrowed(b"true")));
        }
        let method = head.headers.get("access-control-request-method").unwrap_or_default();
        if !self.methods.allow_method(method) {
            "preflight_method"
        } else if !requested.is_some_and(|names| self.headers.allow(&names)) {
            "preflight_headers"
        } else {
            "preflight_allowed"
        }
    }
}

impl AllowHeaders {
    fn allow(&self, names: &[&[u8]]) -> bool {
        match self {
            Self::Listed(listed) => names.iter().all(|name| listed.allow_header(name)),
            Self::Requested => true,
        }
    }
}

/// The names in `Access-Control-Request-Headers`, over all its lines; `None` when one of them is
/// not a field name, or when they are too many or too long.
fn requested_headers<'h>(head: &'h RequestHead<'_>) -> Option<Vec<&'h [u8]>> {
    let mut names = Vec::new();
    let mut bytes = 0_usize;
    for line in head.headers.get_all("access-control-request-headers") {
        bytes = bytes.saturating_add(line.len());
        if bytes > MAX_BYTES {
            return None;
        }
        for member in line.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            if member.is_empty() {
                continue;
            }
            HeaderName::parse(str::from_utf8(member).ok()?).ok()?;
            if names.len() == MAX_NAMES {
                return None;
            }
            names.push(member);
        }
    }
    Some(names)
}
