//! `Access-Control-Allow-Origin`.

use std::borrow::Cow;

use crate::origin::{OriginRule, RequestOrigin};

/// Which origins may read responses.
#[derive(Clone, Debug)]
pub(crate) enum AllowOrigin {
    /// All. The value is a constant `*`.
    Any,
    /// Origins that match one of the rules. The value is the request's own origin.
    Listed(Vec<OriginRule>),
}

/// The origin of a request that a policy allows.
#[derive(Clone, Debug)]
pub(crate) enum AllowedOrigin {
    /// Any origin.
    Any,
    /// The entry with this index, byte for byte.
    Entry(usize),
    /// An origin that matches an entry.
    Matching(Vec<u8>),
}

/// The value of `Access-Control-Allow-Origin`.
pub(crate) type AllowOriginValue<'f> = Cow<'f, [u8]>;

impl AllowOrigin {
    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// The origin of a request. `None` if it is not allowed.
    pub(crate) fn allowed(&self, origin: &RequestOrigin<'_>) -> Option<AllowedOrigin> {
        match (self, origin) {
            (_, RequestOrigin::Absent) => None,
            (Self::Any, _) => Some(AllowedOrigin::Any),
            (Self::Listed(rules), RequestOrigin::Single(value)) => {
                if let Some(index) = rules.iter().position(|rule| rule.equals(value.bytes)) {
                    return Some(AllowedOrigin::Entry(index));
                }
                let is_allowed = rules.iter().any(|rule| rule.allows(value));
                is_allowed.then(|| AllowedOrigin::Matching(value.bytes.to_vec()))
            }
            (Self::Listed(_), RequestOrigin::Multiple) => None,
        }
    }

    /// The value for an origin that [`allowed`](Self::allowed) returned. Browsers compare the value
    /// byte for byte, so a listed origin is sent back unchanged.
    pub(crate) fn value(&self, allowed: AllowedOrigin) -> Option<AllowOriginValue<'_>> {
        match (self, allowed) {
            (Self::Any, _) => Some(Cow::Borrowed(b"*")),
            (Self::Listed(rules), AllowedOrigin::Entry(index)) => {
                rules.get(index)?.text().map(|text| Cow::Borrowed(text.as_bytes()))
            }
            (Self::Listed(_), AllowedOrigin::Matching(origin)) => Some(Cow::Owned(origin)),
            (Self::Listed(_), AllowedOrigin::Any) => None,
        }
    }

    /// Whether every origin that `other` allows is allowed here.
    pub(crate) fn covers(&self, other: &OriginRule) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(rules) => rules.iter().any(|rule| rule.covers(other)),
        }
    }
}
