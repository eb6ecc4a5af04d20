//! The harm that a fault does to requests.

/// The response to one request, as the client receives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A complete response with this status.
    Complete(u16),
    /// A response with this status that ended in the middle.
    BrokenOff(u16),
    /// The connection ended without a response.
    NoResponse,
}

/// A kind of request. The filters must accept the first kind and reject the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// With a valid token, within the limit.
    Within,
    /// With a valid token, beyond the limit.
    Beyond,
    /// Without a valid token.
    Invalid,
}

/// The number of requests that suffered from a fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// Requests without a response, or with one that neither the filters nor the fault explains.
    pub lost: usize,
    /// Requests that passed with an invalid token, or beyond the limit.
    pub admitted: usize,
    /// Requests with a valid token, within the limit, that a filter rejected.
    pub refused: usize,
    /// Responses that a page on an allowed origin could not read, since cors did not add its headers.
    pub unreadable: usize,
}

impl Harm {
    /// Whether no request suffered.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a request. `passed` is the outcome of a request that passes the filters.
    pub(super) fn count(&mut self, kind: Kind, outcome: Outcome, passed: Outcome) {
        use Outcome::{BrokenOff, Complete};

        let rejection = match kind {
            Kind::Within => None,
            Kind::Beyond => Some(Complete(429)),
            Kind::Invalid => Some(Complete(401)),
        };
        if outcome == rejection.unwrap_or(passed) {
            return;
        }
        let has_passed = outcome == passed || matches!(outcome, Complete(200) | BrokenOff(200));
        match (rejection, outcome) {
            (Some(_), _) if has_passed => self.admitted += 1,
            (None, Complete(400..=499)) => self.refused += 1,
            _ => self.lost += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome::*, *};

    fn counted(kind: Kind, outcome: Outcome, passed: Outcome) -> Harm {
        let mut harm = Harm::default();
        harm.count(kind, outcome, passed);
        harm
    }

    #[test]
    fn expected_outcomes_do_not_count() {
        for (kind, outcome, passed) in [
            (Kind::Within, Complete(200), Complete(200)),
            (Kind::Within, Complete(503), Complete(503)),
            (Kind::Within, BrokenOff(200), BrokenOff(200)),
            (Kind::Beyond, Complete(429), Complete(503)),
            (Kind::Invalid, Complete(401), Complete(200)),
        ] {
            assert!(counted(kind, outcome, passed).is_none(), "{kind:?} {outcome:?}");
        }
    }

    #[test]
    fn each_unexpected_outcome_counts_once() {
        let lost = Harm { lost: 1, ..Harm::default() };
        let admitted = Harm { admitted: 1, ..Harm::default() };
        let refused = Harm { refused: 1, ..Harm::default() };
        for (kind, outcome, passed, harm) in [
            (Kind::Within, Complete(503), Complete(200), lost),
            (Kind::Within, NoResponse, Complete(200), lost),
            (Kind::Within, BrokenOff(200), Complete(200), lost),
            (Kind::Within, Complete(429), Complete(200), refused),
            (Kind::Within, Complete(401), Complete(503), refused),
            (Kind::Beyond, Complete(200), Complete(200), admitted),
            (Kind::Beyond, Complete(503), Complete(503), admitted),
            (Kind::Beyond, Complete(500), Complete(200), lost),
            (Kind::Invalid, Complete(200), Complete(503), admitted),
            (Kind::Invalid, BrokenOff(200), BrokenOff(200), admitted),
            (Kind::Invalid, NoResponse, Complete(200), lost),
        ] {
            assert_eq!(counted(kind, outcome, passed), harm, "{kind:?} {outcome:?} {passed:?}");
        }
    }
}
