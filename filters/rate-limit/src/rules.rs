//! Rules select the limits of a request.

use novasphere_core::{
    Env, ExpectedValue, RequestCondition, RequestRule, RequiredVariants, covers,
    trace::{self, Note},
};

/// An entry of `rules`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) condition: RequestCondition,
    /// A claim that jwt-auth sets as an attribute.
    pub(crate) claim: Option<ExpectedValue>,
    pub(crate) effect: Effect,
}

/// The effect of a rule on a matching request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The request has no limit.
    Unlimited,
    /// The request counts under a limiter.
    Counts {
        /// The index of the limiter.
        limiter: usize,
        /// At least 1.
        cost: u32,
    },
}

impl Rule {
    /// Whether the rule certainly matches every request that `other` matches.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.condition.covers(&other.condition)
            && covers(self.claim.as_ref(), other.claim.as_ref(), ExpectedValue::covers)
    }
}

impl RequestRule for Rule {
    fn condition(&self) -> &RequestCondition {
        &self.condition
    }

    fn required_variants(&self) -> RequiredVariants {
        match self.effect {
            Effect::Unlimited => RequiredVariants::All,
            Effect::Counts { .. } => RequiredVariants::Any,
        }
    }

    fn matches_env(&self, env: &Env<'_>) -> bool {
        self.condition.matches_route(env)
            && self.claim.as_ref().is_none_or(|expected| {
                let value = env.attributes.get(&expected.name);
                let is_accepted = value.as_ref().is_some_and(|value| expected.accepts(value));
                trace::note(|| {
                    let place = self.condition.place.as_str();
                    let note = Note::new(format!("{place}.claim")).expected(expected.to_string());
                    let found = value.as_deref().unwrap_or(b"missing");
                    note.found_bytes(found).matches(is_accepted)
                });
                is_accepted
            })
    }

    /// Either rule limits the request.
    fn may_replace(&self, _: &Self) -> bool {
        true
    }
}
