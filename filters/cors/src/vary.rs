//! `Vary` (RFC 9110 section 12.5.5).

use std::borrow::Cow;

use novasphere_core::{Edit, ResponseHead, header_value};

use crate::fields::VARY;

/// What of a request an answer depends on: field names as `Vary` lists them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependence(&'static str);

/// What the answer to a request that is no preflight depends on.
pub(crate) const ORIGIN: Dependence = Dependence("Origin");

/// What the answer to a preflight depends on.
pub(crate) const PREFLIGHT: Dependence =
    Dependence("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The same where private networks count.
pub(crate) const PRIVATE_PREFLIGHT: Dependence = Dependence(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
     Access-Control-Request-Private-Network",
);

impl Dependence {
    /// A whole `Vary`.
    pub(crate) fn value(self) -> Cow<'static, [u8]> {
        Cow::Borrowed(self.0.as_bytes())
    }

    /// The edit after which `Vary` names all of these; `None` when it does already, or is `*`.
    ///
    /// Several lines become one with all their members: they mean the same (RFC 9110 section 5.3),
    /// and hosts do not agree on how a second line is added.
    pub(crate) fn merge(self, head: &ResponseHead<'_>) -> Option<Edit<'static>> {
        if !head.headers.contains(VARY.as_str()) {
            return Some(Edit::Add(&VARY, self.value()));
        }
        let mut members: Vec<&[u8]> = head
            .headers
            .get_all(VARY.as_str())
            .flat_map(|line| line.split(|b| *b == b','))
            .filter_map(|member| header_value(member).ok())
            .filter(|member| !member.is_empty())
            .collect();
        if members.iter().any(|member| *member == b"*") {
            return None;
        }
        let named = members.len();
        for name in self.0.split(", ").map(str::as_bytes) {
            if !members.iter().any(|member| member.eq_ignore_ascii_case(name)) {
                members.push(name);
            }
        }
        (members.len() > named).then(|| Edit::Set(&VARY, Cow::Owned(members.join(&b", "[..]))))
    }
}
