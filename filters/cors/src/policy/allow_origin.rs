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

/// The value of `Access-Control-Allow-Origin`.
pub(crate) type AllowOriginValue = Cow<'static, [u8]>;

impl AllowOrigin {
    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// The value for a request. `None` if its origin is not allowed.
    pub(crate) fn value_for(&self, origin: &RequestOrigin<'_>) -> Option<AllowOriginValue> {
        match (self, origin) {
            (_, RequestOrigin::Absent) => None,
            (Self::Any, _) => Some(Cow::Borrowed(b"*")),
            // Browsers compare the value byte for byte, so it is echoed unchanged.
            (Self::Listed(rules), RequestOrigin::Single(value)) => {
                let is_allowed = rules.iter().any(|rule| rule.equals(value.bytes))
                    || rules.iter().any(|rule| rule.allows(value));
                is_allowed.then(|| Cow::Owned(value.bytes.to_vec()))
            }
            (Self::Listed(_), RequestOrigin::Multiple) => None,
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
