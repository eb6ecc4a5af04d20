//! The effect of mutations of a request on nginx in Kong.
//!
//! It cannot remove a header, so the filter's module empties it. It changes only the first line of
//! a name, so the module rejects a request that repeats a header which a filter sets or removes.

use novasphere_core::{HeaderName, trace::TracedMutation};

use crate::{Line, Response};

/// Request headers that Kong sets for the upstream after the filters.
const SET_BY_KONG: [&str; 11] = [
    "connection",
    "host",
    "te",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-path",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The lines that filters see. A line without a value may have been removed by another filter.
pub(super) fn visible(lines: Vec<Line>) -> Vec<Line> {
    let is_visible = |(name, value): &Line| name.starts_with(b":") || !value.is_empty();
    lines.into_iter().filter(is_visible).collect()
}

/// The lines that the upstream gets: removed ones are empty, and Kong's own are as sent.
pub(super) fn upstream(sent: &[Line], after: Vec<Line>) -> Vec<Line> {
    let is_own = |(name, _): &&Line| SET_BY_KONG.iter().any(|own| own.as_bytes() == name);
    let emptied = emptied(sent, &after);
    let own: Vec<Line> = sent.iter().filter(is_own).cloned().collect();
    let others = after.into_iter().chain(emptied).filter(|line| !is_own(&line));
    others.chain(own).collect()
}

/// The response to a request with repeated lines that a filter sets or removes.
pub(super) fn refusal(lines: &[Line], mutations: &[TracedMutation]) -> Option<Response> {
    let mut owned = mutations.iter().filter_map(|mutation| match mutation {
        TracedMutation::Set(name, _) | TracedMutation::Remove(name) => HeaderName::parse(name).ok(),
        TracedMutation::Add(..) | TracedMutation::Target(_) => None,
    });
    let repeated = |name: &HeaderName| {
        let similar = lines.iter().filter(|(line, _)| name.matches_loosely(line)).count();
        let is_present = lines.iter().any(|(line, _)| name.matches(line));
        let gets_value = mutations.iter().any(|mutation| match mutation {
            TracedMutation::Set(other, _) | TracedMutation::Add(other, _) => other == name.as_str(),
            TracedMutation::Remove(_) | TracedMutation::Target(_) => false,
        });
        (is_present || gets_value) && (similar > 1 || (similar == 1 && !is_present))
    };
    let name = owned.find(repeated)?;
    let body = format!("{{\"message\":\"The header {name} may be sent once only\"}}");
    let content_type = (b"content-type".to_vec(), b"application/json; charset=utf-8".to_vec());
    Some(Response { status: 400, headers: vec![content_type], body: body.into_bytes() })
}

/// The names that were removed and are not in the request again, without a value.
fn emptied(before: &[Line], after: &[Line]) -> Vec<Line> {
    let is_gone = |name: &[u8]| !after.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let gone = before.iter().filter(|(name, value)| is_gone(name) && !value.is_empty());
    gone.map(|(name, _)| (name.clone(), Vec::new())).collect()
}
