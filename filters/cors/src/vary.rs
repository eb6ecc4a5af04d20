//! `Vary` (RFC 9110 section 12.5.5).

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, ResponseHead, header_value};

use crate::header_names::VARY;

/// The request headers that a response depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VaryFields {
    names: &'static [&'static str],
    /// The names as a field value.
    text: &'static str,
}

/// For responses to requests other than preflights.
pub(crate) const ORIGIN: VaryFields = VaryFields { names: &["Origin"], text: "Origin" };

/// For preflight responses.
pub(crate) const PREFLIGHT: VaryFields = VaryFields {
    names: &["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"],
    text: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
};

/// For preflight responses if a policy has `private_network`.
pub(crate) const PRIVATE_PREFLIGHT: VaryFields = VaryFields {
    names: &[
        "Origin",
        "Access-Control-Request-Method",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Private-Network",
    ],
    text: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
           Access-Control-Request-Private-Network",
};

impl VaryFields {
    /// The value of `Vary` for a response without one.
    pub(crate) fn value(self) -> Cow<'static, [u8]> {
        Cow::Borrowed(self.text.as_bytes())
    }

    /// The mutation that adds the missing names to `Vary`. `None` if it has all of them, or is `*`.
    ///
    /// Joins several lines into one. The meaning is the same (RFC 9110 section 5.3), and hosts
    /// differ in how they add a second line.
    pub(crate) fn merge(self, head: &ResponseHead<'_>) -> Option<HeaderMutation<'static>> {
        let mut lines = head.headers.get_all(VARY.as_str());
        let mut next = lines.next();
        if next.is_none() {
            return Some(HeaderMutation::Add(&VARY, self.value()));
        }
        // A bit for each name.
        let mut present = 0_u8;
        let bits = || self.names.iter().enumerate().map(|(i, name)| (1 << i, name.as_bytes()));
        let mut merged = Vec::new();
        while let Some(line) = next {
            merged.reserve(line.len() + SEPARATOR.len() + self.text.len());
            for member in line.split(|b| *b == b',') {
                match header_value(member) {
                    Err(_) | Ok(b"") => {}
                    Ok(b"*") => return None,
                    Ok(member) => {
                        let named = bits().find(|(_, name)| member.eq_ignore_ascii_case(name));
                        present |= named.map_or(0, |(bit, _)| bit);
                        push(&mut merged, member);
                    }
                }
            }
            next = lines.next();
        }
        let upstream = merged.len();
        for (_, name) in bits().filter(|(bit, _)| present & bit == 0) {
            push(&mut merged, name);
        }
        (merged.len() > upstream).then_some(HeaderMutation::Set(&VARY, Cow::Owned(merged)))
    }
}

const SEPARATOR: &[u8] = b", ";

/// Adds a member to a list (RFC 9110 section 5.6.1).
fn push(list: &mut Vec<u8>, member: &[u8]) {
    if !list.is_empty() {
        list.extend_from_slice(SEPARATOR);
    }
    list.extend_from_slice(member);
}
