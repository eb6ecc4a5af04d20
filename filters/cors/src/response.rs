//! What a response says in place of what the upstream said.

use std::borrow::Cow;

use novasphere_core::{Edit, HeaderName, ResponseHead};

use crate::{
    fields::{
        ALLOW_CREDENTIALS, ALLOW_ORIGIN, ALLOW_PRIVATE_NETWORK, EXPOSE_HEADERS, FIELDS,
        PREFLIGHT_ONLY, VARY,
    },
    group::{AllowOrigin, Group},
};

/// Replaces the upstream's CORS fields by what `granted` says; by nothing without it.
pub(crate) fn replace<'p>(
    granted: Option<(&'p Group, AllowOrigin)>,
    head: &ResponseHead<'_>,
    edits: &mut Vec<Edit<'p>>,
) {
    let (credentials, exposed) = match &granted {
        Some((group, _)) => (group.credentials, group.exposed_headers.as_bytes()),
        None => (false, &b""[..]),
    };
    let upstream_speaks = speaks(head);
    let mut say = |name, value: Option<Cow<'p, [u8]>>| {
        edits.extend(if upstream_speaks { make(name, value, head) } else { add(name, value) });
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
pub(crate) fn restrict<'p>(
    granted: Option<(&'p Group, AllowOrigin)>,
    head: &ResponseHead<'_>,
    edits: &mut Vec<Edit<'p>>,
) {
    match granted {
        Some((group, origin)) if head.headers.contains(ALLOW_ORIGIN.as_str()) => {
            edits.extend(make(&ALLOW_ORIGIN, Some(origin), head));
            if !group.credentials {
                edits.extend(make(&ALLOW_CREDENTIALS, None, head));
            }
            if !group.preflight.private_network {
                edits.extend(make(&ALLOW_PRIVATE_NETWORK, None, head));
            }
        }
        _ => edits.extend(FIELDS.iter().filter_map(|name| make(name, None, head))),
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
pub fn looks_at(name: &str) -> bool {
    is_of_cors(name.as_bytes()) || name == VARY.as_str()
}

fn add<'p>(name: &'p HeaderName, value: Option<Cow<'p, [u8]>>) -> Option<Edit<'p>> {
    value.map(|value| Edit::Add(name, value))
}

/// The edit after which `head` has exactly one line `name` with `value`, or none for `None`; no
/// edit when it is so already.
fn make<'p>(
    name: &'p HeaderName,
    value: Option<Cow<'p, [u8]>>,
    head: &ResponseHead<'_>,
) -> Option<Edit<'p>> {
    let mut lines = head.headers.get_all(name.as_str());
    match (value, lines.next(), lines.next()) {
        (None, None, _) => None,
        (None, Some(_), _) => Some(Edit::Remove(name)),
        (Some(value), None, _) => Some(Edit::Add(name, value)),
        (Some(value), Some(line), None) if *value == *line => None,
        (Some(value), Some(_), _) => Some(Edit::Set(name, value)),
    }
}
