//! The effect of mutations of a request on nginx in Kong.
//!
//! It cannot remove a header, so the filter's module empties it. It changes only the first line of
//! a name, so the module rejects a request that repeats a header which a filter sets or removes.

use novasphere_core::{HeaderName, trace::TracedMutation};

use crate::{Line, Response};

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

/// The names that were removed and are not in the request again: the upstream gets them empty.
pub(super) fn emptied(before: &[Line], after: &[Line]) -> Vec<Line> {
    let is_gone = |name: &[u8]| !after.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
    let gone = before.iter().filter(|(name, value)| is_gone(name) && !value.is_empty());
    gone.map(|(name, _)| (name.clone(), Vec::new())).collect()
}
