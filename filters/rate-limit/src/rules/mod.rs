//! Rules select the limits of a request.
//!
//! Servers differ in how they resolve a path. A rule with limits therefore matches a path if any
//! server could serve it as the rule's path, and a rule without limits only if all servers do. A
//! path that servers could match to different rules is ambiguous.

mod condition;
mod path_variants;
mod request_path;

use novasphere_core::{Env, PathPattern, RequestHead};

pub(crate) use self::condition::{Condition, Expected};
use self::request_path::{MatchedVariants, RequestPath};

/// An entry of `rules`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
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

/// A path that servers could match to different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AmbiguousPath;

/// The index of the first rule that matches the request. `default_is_limited` says whether requests
/// without a rule are limited.
///
/// # Errors
/// If servers could match the path to different rules, or, with `default_is_limited`, to a rule and
/// to none.
pub(crate) fn find(
    rules: &[Rule],
    default_is_limited: bool,
    head: &RequestHead<'_>,
    env: &Env<'_>,
) -> Result<Option<usize>, AmbiguousPath> {
    if rules.is_empty() {
        return Ok(None);
    }
    let path = RequestPath::new(head);
    let mut found: Option<(usize, MatchedVariants)> = None;
    for (index, rule) in rules.iter().enumerate() {
        let Some(matched) = rule.matches(head, &path, env) else { continue };
        match (found, matched) {
            (None, MatchedVariants::All) => return Ok(Some(index)),
            (None, _) => found = Some((index, matched)),
            (Some((_, MatchedVariants::Some(first))), MatchedVariants::Some(later))
                if later & !first != 0 =>
            {
                return Err(AmbiguousPath);
            }
            // The later rule is the first match of all remaining variants. Without `..` the
            // variants differ in details few servers distinguish, such as a trailing slash, and the
            // earlier rule applies.
            (Some(_), MatchedVariants::All) if path.has_dot_dot() => return Err(AmbiguousPath),
            (Some(_), _) => {}
        }
    }
    match found {
        // The remaining variants match no rule.
        Some(_) if default_is_limited && path.has_dot_dot() => Err(AmbiguousPath),
        found => Ok(found.map(|(index, _)| index)),
    }
}

impl Rule {
    /// Which variants of the path the rule matches. `None` if it does not match the request.
    fn matches(
        &self,
        head: &RequestHead<'_>,
        path: &RequestPath<'_>,
        env: &Env<'_>,
    ) -> Option<MatchedVariants> {
        if !self.condition.matches_head(head) {
            return None;
        }
        let matched = match &self.condition.path {
            None => MatchedVariants::All,
            Some(pattern) => self.matches_path(pattern, path)?,
        };
        // Last, because it costs host calls.
        self.condition.matches_env(env).then_some(matched)
    }

    fn matches_path(
        &self,
        pattern: &PathPattern,
        path: &RequestPath<'_>,
    ) -> Option<MatchedVariants> {
        if self.effect == Effect::Unlimited {
            let is_plain = path.plain().is_some_and(|path| pattern.matches(path));
            return is_plain.then_some(MatchedVariants::All);
        }
        path.matches(pattern)
    }
}
