//! Responses to CORS-preflight requests (Fetch standard, "CORS-preflight fetch").

use std::borrow::Cow;

use novasphere_core::{
    HeaderName, LocalResponse, RequestHead,
    trace::{self, Note},
};

use crate::{
    decision::Reason,
    header_names::{
        ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, ALLOW_PRIVATE_NETWORK,
        MAX_AGE, VARY,
    },
    policy::{AllowHeaders, AllowOriginValue, Policy, requested_headers},
    vary::VaryFields,
};

/// The responder to preflights.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PreflightMode {
    /// This filter.
    Respond {
        /// 200 or 204.
        status: u16,
    },
    /// The upstream.
    Forward,
}

/// The response to a preflight, and the reason of the decision. `granted` is the policy of an
/// allowed origin. Without it the response has `Vary` only.
pub(crate) fn response<'f>(
    granted: Option<(&'f Policy, AllowOriginValue<'f>)>,
    status: u16,
    vary: VaryFields,
    head: &RequestHead<'_>,
) -> (LocalResponse<'f>, Reason) {
    let mut headers: Vec<(&HeaderName, Cow<'_, [u8]>)> = vec![(&VARY, vary.value())];
    let mut reason = Reason::PreflightRefused;
    if let Some((policy, allow_origin)) = granted {
        headers.push((&ALLOW_ORIGIN, allow_origin));
        if policy.allow_credentials {
            headers.push((&ALLOW_CREDENTIALS, Cow::Borrowed(b"true")));
        }
        reason = add_permissions(policy, head, &mut headers);
    }
    let response = LocalResponse {
        status,
        headers,
        body: Cow::Borrowed(b""),
        grpc_status: None,
        message: Cow::Borrowed(""),
        rate_limited: false,
    };
    (response, reason)
}

/// Adds the permissions of an allowed origin. The lists are complete even if they lack the requested
/// method or header: the browser then refuses, and reports the reason in its console.
fn add_permissions<'f>(
    policy: &'f Policy,
    head: &RequestHead<'_>,
    headers: &mut Vec<(&'f HeaderName, Cow<'f, [u8]>)>,
) -> Reason {
    headers.push((&ALLOW_METHODS, Cow::Borrowed(policy.allow_methods.as_bytes())));
    let requested = requested_headers(head);
    let allow_headers = match (&policy.allow_headers, &requested) {
        (AllowHeaders::Listed(names), _) => Cow::Borrowed(names.as_bytes()),
        (AllowHeaders::Requested, Some(names)) => Cow::Owned(names.join(&b", "[..])),
        (AllowHeaders::Requested, None) => Cow::Borrowed(&b""[..]),
    };
    if !allow_headers.is_empty() {
        headers.push((&ALLOW_HEADERS, allow_headers));
    }
    if let Some(seconds) = &policy.max_age {
        headers.push((&MAX_AGE, Cow::Borrowed(seconds.as_bytes())));
    }
    let private_network = head.headers.get("access-control-request-private-network");
    if policy.allow_private_network && private_network == Some(b"true") {
        headers.push((&ALLOW_PRIVATE_NETWORK, Cow::Borrowed(b"true")));
    }
    let method = head.headers.get("access-control-request-method").unwrap_or_default();
    let allows_method = policy.allow_methods.allows(method);
    trace::note(|| {
        let note = Note::new("access-control-request-method").found_bytes(method);
        let listed = String::from_utf8_lossy(policy.allow_methods.as_bytes()).into_owned();
        note.expected(listed).matches(allows_method).decides(!allows_method)
    });
    let allows_headers =
        || requested.as_ref().is_some_and(|names| policy.allow_headers.allows(names));
    trace::note(|| headers_note(policy, requested.as_deref(), allows_headers()));
    if !allows_method {
        Reason::PreflightMethod
    } else if !allows_headers() {
        Reason::PreflightHeaders
    } else {
        Reason::PreflightAllowed
    }
}

fn headers_note(policy: &Policy, requested: Option<&[&[u8]]>, is_allowed: bool) -> Note {
    let note = Note::new("access-control-request-headers").matches(is_allowed);
    let note = match &policy.allow_headers {
        AllowHeaders::Listed(names) => note.expected(String::from_utf8_lossy(names.as_bytes())),
        AllowHeaders::Requested => note.expected("any header"),
    };
    let note = match requested {
        Some(names) => note.found_bytes(&names.join(&b", "[..])),
        None => note.found("malformed or too long"),
    };
    note.decides(!is_allowed)
}
