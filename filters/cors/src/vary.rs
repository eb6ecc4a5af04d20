//! `Vary` (RFC 9110 section 12.5.5).

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, ResponseHead, header_value};

use crate::fields::VARY;

/// What of a request an answer depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependence {
    /// Field names.
    names: &'static [&'static str],
    /// The same as a field value.
    text: &'static str,
}

/// What the answer to a request that is no preflight depends on.
pub(crate) const ORIGIN: Dependence = Dependence { names: &["Origin"], text: "Origin" };

/// What the answer to a preflight depends on.
pub(crate) const PREFLIGHT: Dependence = Dependence {
    names: &["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"],
    text: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
};

/// The same where private networks count.
pub(crate) const PRIVATE_PREFLIGHT: Dependence = Dependence {
    names: &[
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Private-Network",
    ],
    text: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
           Access-Control-Request-Private-Network",
};

impl Dependence {
    /// A whole `Vary`.
    pub(crate) fn value(self) -> Cow<'static, [u8]> {
        Cow::Borrowed(self.text.as_bytes())
    }

    /// The edit after which `Vary` names all of these; `None` when it does already, or is `*`.
    ///
    /// Several lines become one with all their members: they mean the same (RFC 9110 section 5.3),
    /// and hosts do not agree on how a second line is added.
    pub(crate) fn merge(self, head: &ResponseHead<'_>) -> Option<HeaderMutation<'static>> {
        let mut merged = Vec::new();
        let mut is_there = false;
        for line in head.headers.get_all(VARY.as_str()) {
            is_there = true;
            merged.reserve(line.len() + ", ".len() + self.text.len());
            for member in line.split(|b| *b == b',') {
                match header_value(member) {
                    Err(_) | Ok(b"") => {}
                    Ok(b"*") => return None,
                    Ok(member) => push(&mut merged, member),
                }
            }
        }
        if !is_there {
            return Some(HeaderMutation::Add(&VARY, self.value()));
        }
        let named = merged.len();
        for name in self.names.iter().map(|name| name.as_bytes()) {
            let mut members = merged.split(|b| *b == b',').map(<[u8]>::trim_ascii);
            if !members.any(|member| member.eq_ignore_ascii_case(name)) {
                push(&mut merged, name);
            }
        }
        (merged.len() > named).then_some(HeaderMutation::Set(&VARY, Cow::Owned(merged)))
    }
}

/// Adds a member to a list (RFC 9110 section 5.6.1).
fn push(list: &mut Vec<u8>, member: &[u8]) {
    if !list.is_empty() {
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(member);
}
