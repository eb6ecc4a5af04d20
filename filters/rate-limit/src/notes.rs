//! Notes for tools that explain a decision. Nothing of this is in the modules.

use novasphere_core::{
    Env,
    trace::{self, Note},
};

use crate::{
    build::Settings,
    client::Lookup,
    counter::{Count, CountRequest, Counted, CounterState, Failed},
    headers::{Headroom, remaining},
    metrics::NO_RULE,
    rules::Effect,
    window::Limit,
};

/// The client is in the list `field`.
pub(crate) fn listed(field: &str, address: &Lookup<'_>) -> Note {
    let found = address.get().map_or_else(|| "listed".to_owned(), |ip| ip.to_string());
    Note::new(field).expected("a listed client").found(found).matches(true).decides(true)
}

/// The lines of a rule's header contradict each other.
pub(crate) fn repeated_header() -> Note {
    let expected = "lines that all match, or none";
    let note = Note::new("header of a rule").expected(expected).found("lines that differ");
    note.matches(false).decides(true)
}

/// Servers could match the path to different rules.
pub(crate) fn ambiguous_path() -> Note {
    let expected = "a path that all servers match to the same rule";
    let note = Note::new("path").expected(expected).found("servers read it differently");
    note.matches(false).decides(true)
}

/// The limit is for another path.
pub(crate) fn other_path() -> Note {
    Note::new("limit_by path").expected("the limited path").matches(false).decides(true)
}

/// The rule that applies, with its limits.
pub(crate) fn rule(settings: &Settings, rule: Option<usize>, effect: Effect) -> Note {
    let name = match rule.and_then(|rule| settings.metrics.rule(rule)) {
        Some(name) => format!("{name}: "),
        None => String::new(),
    };
    let Effect::Counts { limiter, cost } = effect else {
        return Note::new("rule").found(format!("{name}no limit")).decides(true);
    };
    let limits = settings.limiters.get(limiter).map(|limiter| limiter.limits.as_slice());
    let limits: Vec<String> = limits.unwrap_or_default().iter().map(limit).collect();
    let cost = if cost == 1 { String::new() } else { format!(", cost {cost}") };
    Note::new("rule").found(format!("{name}{}{cost}", limits.join(", ")))
}

fn limit(limit: &Limit) -> String {
    format!("{} per {}", limit.requests, period(limit))
}

fn period(limit: &Limit) -> String {
    let name = limit.period.name();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("{name} s") } else { name.into() }
}

/// The windows after a count, or the reason for a missing count.
pub(crate) fn count(
    settings: &Settings,
    limiter: usize,
    cost: u32,
    count: &Count<'_>,
) -> Vec<Note> {
    let (counts, is_counted, fallback) = match count {
        Count::Done(Counted { counts, fallback, refused }) => {
            (*counts, refused.is_none(), *fallback)
        }
        Count::Call(call) => {
            return vec![Note::new("redis").found(format!("asks {}", call.upstream))];
        }
        Count::Failed(failed) => return vec![failure(*failed)],
    };
    let mut notes = Vec::new();
    if fallback {
        let found = "no usable response: this proxy counts instead";
        notes.push(Note::new("redis").expected("a count").found(found).matches(false));
    }
    let Some(limiter_of) = settings.limiters.get(limiter) else { return notes };
    let limits = &limiter_of.limits;
    for window in remaining(limits, &Headroom::new(limiter, counts)) {
        let Some(limit) = limits.get(window.limit) else { continue };
        let is_full = !is_counted && window.requests < cost;
        let used = limit.requests.saturating_sub(window.requests);
        let found = format!(
            "{used} used{}, {} left, ends in {} s",
            if is_counted { " with this request" } else { " before this request" },
            window.requests,
            window.reset
        );
        let note = Note::new(format!("limit {}", period(limit))).found(found);
        let expected = format!("at most {}", limit.requests);
        notes.push(note.expected(expected).matches(!is_full).decides(is_full));
    }
    notes
}

fn failure(failed: Failed) -> Note {
    let (subject, instead) = match failed {
        Failed::Allow => ("counter", "the request passes uncounted"),
        Failed::SharedData => ("shared data", "the request is rejected"),
        Failed::Redis { .. } => ("redis", "the request is rejected"),
    };
    let note = Note::new(subject).expected("a count").found(format!("failed: {instead}"));
    note.matches(false).decides(true)
}

/// Sets the counts that a tool assumes. See [`trace::used`].
pub(crate) fn assume_counts(
    settings: &Settings,
    request: &CountRequest,
    state: &mut CounterState,
    env: &Env<'_>,
) {
    let Some(limiter) = settings.limiters.get(request.limiter) else { return };
    let rule = request.rule.and_then(|rule| settings.metrics.rule(rule)).unwrap_or(NO_RULE);
    let used = |limit: &Limit| {
        let window = limit.period.name();
        let names = [rule, &limiter.name].into_iter().filter(|name| !name.is_empty());
        let named = names.flat_map(|name| [format!("{name}.{window}"), name.to_owned()]);
        named.chain([window.to_string()]).find_map(|name| trace::used(&name))
    };
    let used: Vec<Option<u32>> = limiter.limits.iter().map(used).collect();
    if used.iter().any(Option::is_some) {
        settings.counter.assume(request, &used, state, env);
    }
}
