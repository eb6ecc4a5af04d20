//! What a response says in place of what the upstream said.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use crate::{
    fields::{
        ALLOW_CREDENTIALS, ALLOW_ORIGIN, ALLOW_PRIVATE_NETWORK, EXPOSE_HEADERS, FIELDS,
        PREFLIGHT_ONLY, VARY,
    },
    group::{AllowOrigin, Group},
};

/// Replaces the upstream's CORS fields by what `granted` says; by nothing without it.
pub(crate) fn replace<'f>(
    granted: Option<(&'f Group, AllowOrigin)>,
    head: &ResponseHead<'_>,
    mutations: &mut Vec<HeaderMutation<'f>>,
) {
    let (credentials, exposed) = match &granted {
        Some((group, _)) => (group.credentials, group.exposed_headers.as_bytes()),
        None => (false, &b""[..]),
    };
    let upstream_speaks = speaks(head);
    let mut say = |name, value: Option<Cow<'f, [u8]>>| {
        mutations.extend(if upstream_speaks { make(name, value, head) } else { add(name, value) });
    };
    say(&ALLOW_ORIGIN, granted.map(|(_, origin)| origin));
    say(&ALLOW_CREDENTIALS, credentials.then_some(Cow::Borrowed(b"true")));
    say(&EXPOSE_HEADERS, Some(Cow::Borrowed(exposed)).filter(|names| !names.is_empty()));
    if upstream_speaks {
        for name in PREFLIGHT_ONLY {
            say(name, None);
        }
    }
}

/// Of the upstream's answer to a preflight this leaves what `granted` allows: the methods, headers
/// and lifetime are the upstream's to name, the origin, the credentials and the private network are
/// not. Nothing is said to an origin that is not allowed, or when the upstream names none, whichever
/// that be.
pub(crate) fn restrict<'f>(
    granted: Option<(&'f Group, AllowOrigin)>,
    head: &ResponseHead<'_>,
    mutations: &mut Vec<HeaderMutation<'f>>,
) {
    match granted {
        Some((group, origin)) if head.headers.contains(ALLOW_ORIGIN.as_str()) => {
            mutations.extend(make(&ALLOW_ORIGIN, Some(origin), head));
            if !group.credentials {
                mutations.extend(make(&ALLOW_CREDENTIALS, None, head));
            }
            if !group.preflight.private_network {
                mutations.extend(make(&ALLOW_PRIVATE_NETWORK, None, head));
            }
        }
        _ => mutations.extend(FIELDS.iter().filter_map(|name| make(name, None, head))),
    }
}

/// Whether there is a CORS field.
fn speaks(head: &ResponseHead<'_>) -> bool {
    head.headers.lines().any(|(name, _)| is_of_cors(name))
}

fn is_of_cors(name: &[u8]) -> bool {
    matches!(name, [b'a' | b'A', ..])
        && name.get(..15).is_some_and(|start| start.eq_ignore_ascii_case(b"access-control-"))
}

/// Whether lines of that name in a response mean anything to this filter: others may be there or
/// not.
pub fn observes(name: &str) -> bool {
    is_of_cors(name.as_bytes()) || name == VARY.as_str()
}

fn add<'f>(name: &'f HeaderName, value: Option<Cow<'f, [u8]>>) -> Option<HeaderMutation<'f>> {
    value.map(|value| HeaderMutation::Add(name, value))
}

/// The edit after which `head` has exactly one line `name` with `value`, or none for `None`; no
/// edit when it is so already.
fn make<'f>(
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
