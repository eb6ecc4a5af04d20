//! Request rules: they select the requests that need a token, and the requirements for the token.

use novasphere_core::{
    AmbiguousPath, Env, RequestCondition, RequestHead, RequestRule, RequiredVariants, find_rule,
    trace::{self, Note},
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
            trace::note(ambiguous_header);
            return Err(Refusal::AmbiguousHeader);
        }
        let index = find_rule(&self.rules, true, head, env).map_err(|AmbiguousPath| {
            trace::note(ambiguous_path);
            Refusal::AmbiguousPath
        })?;
        let rule = index.and_then(|index| self.rules.get(index));
        trace::note(|| note(rule));
        Ok(rule.map_or(Some(&self.default), |rule| rule.requirements.as_ref()))
    }
}

/// The note about the rule that applies.
fn note(rule: Option<&Rule>) -> Note {
    let Some(rule) = rule else { return Note::new("rule").found("none, the filter's own checks") };
    let note = Note::new("rule").found(rule.condition.place.as_str());
    match &rule.requirements {
        None => {
            let found = format!("{}: no token needed", note.found);
            note.found(found).decides(true)
        }
        Some(_) => note,
    }
}

fn ambiguous_header() -> Note {
    let note = Note::new("header of a rule").expected("one line").found("several lines");
    note.matches(false).decides(true)
}

fn ambiguous_path() -> Note {
    let expected = "a path and a method that all servers match to the same rule";
    let note = Note::new("path").expected(expected).found("servers read them differently");
    note.matches(false).decides(true)
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
