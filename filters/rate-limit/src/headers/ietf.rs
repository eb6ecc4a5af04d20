//! The header fields of draft-ietf-httpapi-ratelimit-headers-10 and -11.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use super::{
    DIGITS, Headroom, Left, Lines, push_decimal,
    structured::{self, Item},
    tightest,
};
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
        vec![self.limit.as_str(), self.policy.as_str()]
    }

    /// Both fields are lists, so policies of other names stand beside ours. Of two policies of one
    /// name the stricter stays. What is not of this draft's form is replaced, because a list with a
    /// broken part is ignored as a whole.
    pub(super) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let Some(left) = tightest(limits, headroom) else { return Vec::new() };
        let is_known = |line: &[u8]| self.limit.matches(line) || self.policy.matches(line);
        if !head.headers.lines().any(|(name, _)| is_known(name)) {
            let policies = Cow::Borrowed(self.policies.as_bytes());
            let limit = HeaderMutation::Set(&self.limit, self.limit_value(left));
            return vec![limit, HeaderMutation::Set(&self.policy, policies)];
        }
        let theirs = items(&self.limit, head);
        let same = theirs.iter().filter(|item| self.names.contains(&item.name));
        let least = same.filter_map(|item| item.remaining).min();
        if least.is_some_and(|theirs| theirs <= left.remaining) {
            return Vec::new();
        }
        let lines = self.lines(limits, headroom).into_iter();
        lines
            .map(|(name, ours)| HeaderMutation::Set(name, self.beside(items(name, head), ours)))
            .collect()
    }

    /// Our items behind those of other names.
    fn beside<'f>(&self, theirs: Vec<Item<'_>>, ours: Cow<'f, [u8]>) -> Cow<'f, [u8]> {
        let foreign = theirs.iter().filter(|item| !self.names.contains(&item.name));
        let mut list: Vec<u8> =
            foreign.flat_map(|i| [i.text, ", "].concat().into_bytes()).collect();
        if list.is_empty() {
            return ours;
        }
        list.extend_from_slice(&ours);
        Cow::Owned(list)
    }

    pub(super) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        self.lines(limits, headroom)
    }

    fn lines<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        let Some(left) = tightest(limits, headroom) else { return Vec::new() };
        vec![
            (&self.limit, self.limit_value(left)),
            (&self.policy, Cow::Borrowed(self.policies.as_bytes())),
        ]
    }

    fn limit_value<'f>(&self, left: Left) -> Cow<'f, [u8]> {
        let name = self.names.get(left.limit).map_or("", String::as_str);
        let mut item = Vec::with_capacity(name.len() + "\"\";r=;t=".len() + 2 * DIGITS);
        item.push(b'"');
        item.extend_from_slice(name.as_bytes());
        item.extend_from_slice(b"\";r=");
        push_decimal(&mut item, left.remaining);
        item.extend_from_slice(b";t=");
        push_decimal(&mut item, left.reset);
        Cow::Owned(item)
    }
}

/// The items of all lines of a field; none when one of them is broken.
fn items<'h>(name: &HeaderName, head: &'h ResponseHead<'_>) -> Vec<Item<'h>> {
    let mut all = Vec::new();
    for line in head.headers.lines().filter(|(n, _)| name.matches(n)).map(|(_, value)| value) {
        match structured::items(line) {
            Some(items) => all.extend(items),
            None => return Vec::new(),
        }
    }
    all
}

/// The name of a limit's policy.
pub(crate) fn policy(name: &str, limit: Limit) -> String {
    let window = match limit.period {
        Period::Seconds(seconds) => format!("{seconds}s"),
        named => named.name().into_owned(),
    };
    if name.is_empty() { window } else { format!("{name}-{window}") }
}
