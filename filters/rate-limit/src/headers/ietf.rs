//! The header fields of draft-ietf-httpapi-ratelimit-headers-10 and -11.

use std::borrow::Cow;

use novasphere_core::{Edit, HeaderName, ResponseHead};

use super::{Headroom, Lines, structured, tightest};
use crate::{limiter::Limit, window::Period};

/// `RateLimit-Policy` with a policy for each window, and `RateLimit` for the tightest.
#[derive(Debug)]
pub(crate) struct Ietf {
    limit: HeaderName,
    policy: HeaderName,
    policies: String,
    /// Of each policy, in the order of the limits.
    names: Vec<String>,
}

impl Ietf {
    /// `name` tells the policies of several limiters apart; printable ASCII without `"` and `\`.
    pub(crate) fn new(limits: &[Limit], name: &str) -> Self {
        let names: Vec<String> = limits.iter().map(|limit| policy(name, *limit)).collect();
        let policies = names.iter().zip(limits).map(|(name, limit)| {
            // Months and years have no one length, and w may be left out.
            let (shortest, longest) = limit.period.lengths();
            let window = if shortest == longest { format!(";w={shortest}") } else { String::new() };
            format!("\"{name}\";q={}{window}", limit.requests)
        });
        Self {
            limit: HeaderName::from_static("ratelimit"),
            policy: HeaderName::from_static("ratelimit-policy"),
            policies: policies.collect::<Vec<_>>().join(", "),
            names,
        }
    }

    pub(super) fn reads(&self) -> Vec<&str> {
        vec![self.limit.as_str()]
    }

    /// Policies of other names are joined by ours: both fields are lists. Of two policies of one
    /// name the stricter stays. What is not of this draft's form is replaced, because a list with a
    /// broken part is ignored as a whole.
    pub(super) fn on_response<'p>(
        &'p self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<Edit<'p>> {
        let Some(left) = tightest(limits, headroom) else { return Vec::new() };
        let theirs = head.headers.get(self.limit.as_str()).map(structured::remaining);
        let mut joins = false;
        if let Some(Some(theirs)) = theirs {
            let same = theirs.iter().find(|(name, _)| self.names.contains(name));
            if same.is_some_and(|(_, theirs)| *theirs <= left.remaining) {
                return Vec::new();
            }
            joins = same.is_none();
        }
        let edit = |(name, value)| {
            if joins { Edit::Add(name, value) } else { Edit::Set(name, value) }
        };
        self.lines(limits, headroom).into_iter().map(edit).collect()
    }

    pub(super) fn on_refusal<'p>(&'p self, limits: &[Limit], headroom: &Headroom) -> Lines<'p> {
        self.lines(limits, headroom)
    }

    fn lines<'p>(&'p self, limits: &[Limit], headroom: &Headroom) -> Lines<'p> {
        let Some(left) = tightest(limits, headroom) else { return Vec::new() };
        let name = self.names.get(left.limit).map_or("", String::as_str);
        let item = format!("\"{name}\";r={};t={}", left.remaining, left.reset);
        vec![
            (&self.limit, Cow::Owned(item.into_bytes())),
            (&self.policy, Cow::Borrowed(self.policies.as_bytes())),
        ]
    }
}

/// The name of a limit's policy.
pub(crate) fn policy(name: &str, limit: Limit) -> String {
    let window = match limit.period {
        Period::Seconds(seconds) => format!("{seconds}s"),
        named => named.name().into_owned(),
    };
    if name.is_empty() { window } else { format!("{name}-{window}") }
}
