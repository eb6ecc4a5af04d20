//! Decisions about requests, and their names in metrics.

use novasphere_core::{Callout, Decision, LocalResponse, metric_names};

use crate::headers::Headroom;

metric_names! {
    /// Why a request passed or was rejected.
    pub(crate) enum Reason {
        /// The request is within its limits.
        Allowed => "allowed",
        /// No limit applies to the request.
        NotLimited => "not_limited",
        /// The client is on the allow list.
        Exempt => "exempt",
        /// The request is over a limit.
        Limited => "limited",
        /// The client is on the deny list.
        Denied => "denied",
        /// Servers could match the path to different rules.
        AmbiguousPath => "ambiguous_path",
        /// Servers could match the lines of a header to different rules.
        RepeatedHeader => "repeated_header",
        /// The identity is missing, and `on_unresolved` is `allow`.
        UnresolvedAllowed => "unresolved_allowed",
        /// The identity is missing, and `on_unresolved` is `deny`.
        UnresolvedRefused => "unresolved_refused",
        /// The request could not be counted, and passes.
        StoreFailedAllowed => "store_failed_allowed",
        /// The request could not be counted, and is rejected.
        StoreFailedRefused => "store_failed_refused",
        /// Redis failed. The request is within the limits of this proxy.
        FallbackAllowed => "fallback_allowed",
        /// Redis failed. The request is over a limit of this proxy.
        FallbackLimited => "fallback_limited",
    }
}

/// A decision before `report_only` applies to it.
pub(crate) enum Outcome<'f> {
    /// The request continues. The response gets headers if there is a headroom.
    Pass(Reason, Option<Box<Headroom>>),
    /// The filter responds.
    Refuse(Reason, Box<LocalResponse<'f>>),
    /// A callout counts the request.
    Call(Box<Callout<'f>>),
}

impl<'f> Outcome<'f> {
    /// The reason, once decided.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self {
            Self::Pass(reason, _) | Self::Refuse(reason, _) => Some(*reason),
            Self::Call(_) => None,
        }
    }

    pub(crate) fn into_decision(self) -> Decision<'f, Option<Box<Headroom>>> {
        let mutations = Vec::new();
        match self {
            Self::Pass(reason, carry) => {
                Decision::Continue { mutations, carry, reason: reason.name() }
            }
            Self::Refuse(reason, response) => {
                Decision::Respond { mutations, response, reason: reason.name() }
            }
            Self::Call(callout) => Decision::Call(callout),
        }
    }
}
