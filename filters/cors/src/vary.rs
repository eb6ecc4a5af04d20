//! `Vary` (RFC 9110 section 12.5.5).

use std::borrow::Cow;

use novasphere_core::{Edit, ResponseHead, header_value};

use crate::fields::VARY;

/// What the answer to a preflight depends on.
pub(crate) const PREFLIGHT: &[u8] =
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The edit after which `Vary` names `Origin`; `None` when it does already, or is `*`.
///
/// Several lines become one with all their members: they mean the same (RFC 9110 section 5.3), and
/// hosts do not agree on how a second line is added.
pub(crate) fn with_origin(head: &ResponseHead<'_>) -> Option<Edit<'static>> {
    let members: Vec<&[u8]> = head
        .headers
        .get_all(VARY.as_str())
        .flat_map(|line| line.split(|b| *b == b','))
        .filter_map(|member| header_value(member).ok())
        .filter(|member| !member.is_empty())
        .collect();
    if members.iter().any(|m| *m == b"*" || m.eq_ignore_ascii_case(b"origin")) {
        return None;
    }
    if members.is_empty() && !head.headers.contains(VARY.as_str()) {
        return Some(Edit::Add(&VARY, Cow::Borrowed(b"Origin")));
    }
    let mut value = Vec::new();
    for member in members {
        value.extend_from_slice(member);
        value.extend_from_slice(b", ");
    }
    value.extend_from_slice(b"Origin");
    Some(Edit::Set(&VARY, Cow::Owned(value)))
}
