//! The CORS headers of an upstream's response.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use crate::{
    header_names::{
        ALL, ALLOW_CREDENTIALS, ALLOW_ORIGIN, ALLOW_PRIVATE_NETWORK, EXPOSE_HEADERS,
        PREFLIGHT_ONLY, VARY,
    },
    policy::{AllowOriginValue, Policy},
};

/// Replaces the upstream's CORS headers by the headers of `granted`. Removes them without it.
pub(crate) fn replace<'f>(
    granted: Option<(&'f Policy, AllowOriginValue<'f>)>,
    head: &ResponseHead<'_>,
    mutations: &mut Vec<HeaderMutation<'f>>,
) {
    let lines = lines(granted);
    if has_cors_headers(head) {
        let preflight_only = PREFLIGHT_ONLY.into_iter().map(|name| (name, None));
        let all = lines.into_iter().chain(preflight_only);
        mutations.extend(all.filter_map(|(name, value)| change(name, value, head)));
        return;
    }
    for (name, value) in lines {
        if let Some(value) = value {
            mutations.push(HeaderMutation::Add(name, value));
        }
    }
}

/// The CORS headers of a response to anything but a preflight, each with its value, if any.
fn lines<'f>(
    granted: Option<(&'f Policy, AllowOriginValue<'f>)>,
) -> [(&'f HeaderName, Option<Cow<'f, [u8]>>); 3] {
    let policy = granted.as_ref().map(|(policy, _)| *policy);
    let credentials = policy.filter(|policy| policy.allow_credentials);
    let exposed = policy.map(|policy| policy.expose_headers.as_bytes());
    [
        (&ALLOW_ORIGIN, granted.map(|(_, origin)| origin)),
        (&ALLOW_CREDENTIALS, credentials.map(|_| Cow::Borrowed(&b"true"[..]))),
        (&EXPOSE_HEADERS, exposed.filter(|names| !names.is_empty()).map(Cow::Borrowed)),
    ]
}

/// Restricts the upstream's response to a preflight to the permissions of `granted`.
///
/// The upstream decides about methods, headers and lifetime; the configuration decides about the
/// origin, credentials and the private network. Removes all CORS headers if the origin is not
/// allowed, or if the upstream allows no origin.
pub(crate) fn restrict<'f>(
    granted: Option<(&'f Policy, AllowOriginValue<'f>)>,
    head: &ResponseHead<'_>,
    mutations: &mut Vec<HeaderMutation<'f>>,
) {
    match granted {
        Some((policy, origin)) if head.headers.contains(ALLOW_ORIGIN.as_str()) => {
            mutations.extend(change(&ALLOW_ORIGIN, Some(origin), head));
            if !policy.allow_credentials {
                mutations.extend(change(&ALLOW_CREDENTIALS, None, head));
            }
            if !policy.allow_private_network {
                mutations.extend(change(&ALLOW_PRIVATE_NETWORK, None, head));
            }
        }
        _ => mutations.extend(ALL.iter().filter_map(|name| change(name, None, head))),
    }
}

fn has_cors_headers(head: &ResponseHead<'_>) -> bool {
    head.headers.lines().any(|(name, _)| is_cors_header(name))
}

fn is_cors_header(name: &[u8]) -> bool {
    matches!(name, [b'a' | b'A', ..])
        && name.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"access-control-"))
}

/// Whether this filter reads response headers of that name. No other header affects its result.
pub fn observes(name: &str) -> bool {
    is_cors_header(name.as_bytes()) || name == VARY.as_str()
}

/// The mutation that leaves exactly one line `name` with `value` in `head`, or no line for `None`.
/// `None` if `head` is already so.
fn change<'f>(
    name: &'f HeaderName,
    value: Option<Cow<'f, [u8]>>,
    head: &ResponseHead<'_>,
) -> Option<HeaderMutation<'f>> {
    let mut lines = head.headers.get_all(name.as_str());
    match (value, lines.next(), lines.next()) {
        (None, None, _) => None,
        (None, Some(_), _) => Some(HeaderMutation::remove(name)),
        (Some(value), None, _) => Some(HeaderMutation::Add(name, value)),
        (Some(value), Some(line), None) if *value == *line => None,
        (Some(value), Some(_), _) => Some(HeaderMutation::Set(name, value)),
    }
}
