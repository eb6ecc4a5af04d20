//! [`find_rule`]: the rule that applies to a request.
//!
//! Servers differ in how they resolve a path, so a path has several variants. A rule that makes the
//! checks stricter matches if any variant matches. A rule that makes them less strict matches only
//! if all variants match. A request that servers could match to different rules is ambiguous.
//!
//! Methods are case-sensitive (RFC 9110 section 9.1), but some servers ignore their case. A method
//! that matches only without regard to case is like a path of which some variants match.

use crate::{
    Env, PathPattern, RequestCondition, RequestHead,
    path::{MatchedVariants, RequestPath},
    target, trace,
};

/// A rule that applies to some requests.
pub trait RequestRule {
    /// The condition on the request.
    fn condition(&self) -> &RequestCondition;

    /// The variants of a path that must match.
    fn required_variants(&self) -> RequiredVariants;

    /// Whether the connection and the attributes match. Reading them costs host calls.
    fn matches_env(&self, env: &Env<'_>) -> bool {
        self.condition().matches_route(env)
    }

    /// Whether this rule may apply to a path of which it matches some variants and `later` matches
    /// all. Such variants differ in details that few servers distinguish, such as a trailing slash.
    fn may_replace(&self, later: &Self) -> bool;
}

/// The variants of a path that must match for a rule to match the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredVariants {
    /// Any: the rule makes the checks stricter.
    Any,
    /// All: the rule makes the checks less strict. Later rules can match the other paths.
    All,
    /// All, and a path with only some matching variants is ambiguous: the rule makes the checks
    /// stricter in one respect and less strict in another.
    AllOrAmbiguous,
}

/// A path, or a method in lower case, that servers could match to different rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmbiguousPath;

/// The index of the first rule that matches the request. `default_is_strict` says whether a rule
/// can be less strict than the checks for requests without a rule.
///
/// # Errors
/// If servers could match the path or the method to different rules, or, with `default_is_strict`,
/// the path to a rule and to none. Also if the path is too long to find out.
pub fn find_rule<R: RequestRule>(
    rules: &[R],
    default_is_strict: bool,
    head: &RequestHead<'_>,
    env: &Env<'_>,
) -> Result<Option<usize>, AmbiguousPath> {
    if rules.is_empty() {
        return Ok(None);
    }
    let path = RequestPath::new(head);
    let needs_variants = |rule: &R| {
        rule.condition().path.is_some() && rule.required_variants() != RequiredVariants::All
    };
    if path.is_too_long() && rules.iter().any(needs_variants) {
        return Err(AmbiguousPath);
    }
    // Whether a rule that matches does so for every server, whatever details it distinguishes.
    let is_certain =
        |rule: &R| !path.ends_in_hidden_slash() && rule.condition().is_exact_method(head);
    let mut found: Option<(usize, &R, MatchedVariants)> = None;
    for (index, rule) in rules.iter().enumerate() {
        let matched = matched_variants(rule, head, &path, env);
        trace::note(|| note(rule.condition(), head, env, matched));
        let Some(matched) = matched? else { continue };
        match (found, matched) {
            (None, MatchedVariants::All) if is_certain(rule) => return Ok(Some(index)),
            (None, _) => found = Some((index, rule, matched)),
            (Some((_, _, MatchedVariants::Some(first))), MatchedVariants::Some(later))
                if !first.contains(later) =>
            {
                return Err(AmbiguousPath);
            }
            // The later rule is the first match of all remaining variants.
            (Some((_, _, MatchedVariants::Some(_))), MatchedVariants::All)
                if path.has_dot_dot() =>
            {
                return Err(AmbiguousPath);
            }
            // A server that distinguishes the detail, or the case of the method, may serve a request
            // of the later rule.
            (Some((_, first, variants)), _)
                if !first.may_replace(rule)
                    && (variants == MatchedVariants::All
                        || matched == MatchedVariants::All
                        || !is_certain(first)) =>
            {
                return Err(AmbiguousPath);
            }
            (Some(_), _) => {}
        }
    }
    match found {
        // The remaining variants match no rule.
        Some((_, _, MatchedVariants::Some(_))) if default_is_strict && path.has_dot_dot() => {
            Err(AmbiguousPath)
        }
        found => Ok(found.map(|(index, ..)| index)),
    }
}

/// The note about a rule that was compared: the parts of the request that it reads.
fn note(
    condition: &RequestCondition,
    head: &RequestHead<'_>,
    env: &Env<'_>,
    matched: Result<Option<MatchedVariants>, AmbiguousPath>,
) -> trace::Note {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut found = Vec::new();
    if !condition.methods.is_empty() {
        found.push(text(head.method()));
    }
    if condition.path.is_some() {
        found.push(text(target::path(head.target())));
    }
    if condition.route.is_some() {
        found.push(env.connection.route().map_or_else(|| "no route".into(), |name| text(&name)));
    }
    if let Some(header) = &condition.header {
        // The value may be a credential.
        let is_sent = head.headers.lines_spelled(&header.name).next().is_some();
        let state = if is_sent { "is sent" } else { "is missing" };
        found.push(format!("{} {state}", header.name));
    }
    if let Ok(Some(MatchedVariants::Some(_))) | Err(AmbiguousPath) = matched {
        found.push("as some servers read it".to_owned());
    }
    let note = trace::Note::new(condition.place.as_str()).expected(condition.to_string());
    note.found_bytes(found.join(", ").as_bytes()).matches(!matches!(matched, Ok(None)))
}

/// Which variants of the path the rule matches. `None` if it does not match the request.
fn matched_variants<R: RequestRule>(
    rule: &R,
    head: &RequestHead<'_>,
    path: &RequestPath<'_>,
    env: &Env<'_>,
) -> Result<Option<MatchedVariants>, AmbiguousPath> {
    let (condition, required) = (rule.condition(), rule.required_variants());
    let is_method = condition.matches_method(head)
        && (required != RequiredVariants::All || condition.is_exact_method(head));
    if !is_method || !condition.matches_header(head) {
        return Ok(None);
    }
    let is_plain = |pattern: &PathPattern| path.plain().is_some_and(|plain| pattern.matches(plain));
    let matched = match (&condition.path, required) {
        (None, _) => Some(MatchedVariants::All),
        (Some(pattern), RequiredVariants::Any) => path.matches(pattern),
        (Some(pattern), _) if is_plain(pattern) => Some(MatchedVariants::All),
        (Some(pattern), RequiredVariants::AllOrAmbiguous) => path.matches(pattern),
        (Some(_), RequiredVariants::All) => None,
    };
    // The environment comes last, because reading it costs host calls.
    let matched = matched.filter(|_| rule.matches_env(env));
    let is_certain =
        || condition.is_exact_method(head) && condition.path.as_ref().is_none_or(is_plain);
    match matched {
        Some(_) if required == RequiredVariants::AllOrAmbiguous && !is_certain() => {
            Err(AmbiguousPath)
        }
        matched => Ok(matched),
    }
}
