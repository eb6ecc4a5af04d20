//! Request rules: they select the requests that need a token, and the requirements for the token.

use novasphere_core::{
    AmbiguousPath, Env, RequestCondition, RequestHead, RequestRule, RequiredVariants, find_rule,
};

use super::requirements::Requirements;
use crate::decision::Refusal;

/// The rules, and the requirements for requests without a rule.
#[derive(Debug)]
pub(crate) struct RequestRules {
    /// The first match applies.
    pub(crate) rules: Vec<Rule>,
    pub(crate) default: Requirements,
}

/// An entry of `skip` or `rules`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) condition: RequestCondition,
    /// `None` if the requests need no token.
    pub(crate) requirements: Option<Requirements>,
    pub(crate) required_variants: RequiredVariants,
}

impl RequestRules {
    /// The requirements for the token of a request. `None` if it needs no token.
    ///
    /// # Errors
    /// If upstreams could match the path, or the lines of a header, to different rules.
    pub(crate) fn requirements(
        &self,
        head: &RequestHead<'_>,
        env: &Env<'_>,
    ) -> Result<Option<&Requirements>, Refusal> {
        if self.rules.is_empty() {
            return Ok(Some(&self.default));
        }
        if self.rules.iter().any(|rule| rule.condition.has_repeated_header(head)) {
            return Err(Refusal::RepeatedHeader);
        }
        let index = find_rule(&self.rules, true, head, env)
            .map_err(|AmbiguousPath| Refusal::AmbiguousPath)?;
        let rule = index.and_then(|index| self.rules.get(index));
        Ok(rule.map_or(Some(&self.default), |rule| rule.requirements.as_ref()))
    }
}

/// Whether `these` reject every request that `others` reject. `None` rejects no request.
pub(crate) fn is_as_strict(these: Option<&Requirements>, others: Option<&Requirements>) -> bool {
    others.is_none_or(|others| {
        others.report_only || these.is_some_and(|these| these.are_as_strict_as(others))
    })
}

impl RequestRule for Rule {
    fn condition(&self) -> &RequestCondition {
        &self.condition
    }

    fn required_variants(&self) -> RequiredVariants {
        self.required_variants
    }

    fn may_replace(&self, later: &Self) -> bool {
        is_as_strict(self.requirements.as_ref(), later.requirements.as_ref())
    }
}
