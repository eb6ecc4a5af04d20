//! The headers of draft-ietf-httpapi-ratelimit-headers-10 and -11.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use super::{
    headroom::{Headroom, Remaining, tightest},
    lines::{Lines, push_decimal},
    structured::{self, Item},
};
use crate::window::{Limit, Period};

/// `RateLimit-Policy` with a policy for each window, and `RateLimit` for the tightest window.
#[derive(Debug)]
pub(crate) struct Ietf {
    limit: HeaderName,
    policy: HeaderName,
    /// The value of `RateLimit-Policy`.
    policies: String,
    /// The names of the policies, in the order of the limits.
    names: Vec<String>,
}

impl Ietf {
    /// `name` distinguishes the policies of several limiters. It must be printable ASCII without
    /// `"` and `\`.
    pub(crate) fn new(limits: &[Limit], name: &str) -> Self {
        let names: Vec<String> = limits.iter().map(|limit| policy_name(name, *limit)).collect();
        let policies = names.iter().zip(limits).map(|(name, limit)| {
            // Months and years vary in length. The parameter `w` is optional.
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

    pub(super) fn response_headers(&self) -> Vec<&str> {
        vec![self.limit.as_str(), self.policy.as_str()]
    }

    /// Both headers are lists, so policies with other names are kept beside this filter's. Of two
    /// policies with the same name, the stricter one wins. An upstream value that is not a list of
    /// this draft is replaced, because clients ignore a list with an invalid member as a whole.
    pub(super) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let Some(ours) = tightest(limits, headroom) else { return Vec::new() };
        let is_known = |line: &[u8]| self.limit.matches(line) || self.policy.matches(line);
        if !head.headers.lines().any(|(name, _)| is_known(name)) {
            let policies = Cow::Borrowed(self.policies.as_bytes());
            let limit = HeaderMutation::Set(&self.limit, self.limit_value(ours));
            return vec![limit, HeaderMutation::Set(&self.policy, policies)];
        }
        let theirs = items(&self.limit, head);
        let same_name = theirs.iter().filter(|item| self.names.contains(&item.name));
        let least = same_name.filter_map(|item| item.remaining).min();
        if least.is_some_and(|theirs| theirs <= ours.requests) {
            return Vec::new();
        }
        let lines = self.lines(limits, headroom).into_iter();
        lines
            .map(|(name, ours)| HeaderMutation::Set(name, self.appended(items(name, head), ours)))
            .collect()
    }

    /// `ours`, after the upstream's items with other names.
    fn appended<'f>(&self, theirs: Vec<Item<'_>>, ours: Cow<'f, [u8]>) -> Cow<'f, [u8]> {
        let others = theirs.iter().filter(|item| !self.names.contains(&item.name));
        let mut list: Vec<u8> =
            others.flat_map(|item| [item.text, ", "].concat().into_bytes()).collect();
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
        let Some(tightest) = tightest(limits, headroom) else { return Vec::new() };
        vec![
            (&self.limit, self.limit_value(tightest)),
            (&self.policy, Cow::Borrowed(self.policies.as_bytes())),
        ]
    }

    fn limit_value<'f>(&self, tightest: Remaining) -> Cow<'f, [u8]> {
        let name = self.names.get(tightest.limit).map_or("", String::as_str);
        let mut item = Vec::with_capacity(name.len() + "\"\";r=4294967295;t=4294967295".len());
        item.push(b'"');
        item.extend_from_slice(name.as_bytes());
        item.extend_from_slice(b"\";r=");
        push_decimal(&mut item, tightest.requests);
        item.extend_from_slice(b";t=");
        push_decimal(&mut item, tightest.reset);
        Cow::Owned(item)
    }
}

/// The items of all lines of a header. Empty if a line is not a list of strings.
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

/// The name of a limit's policy: `minute`, or `api-minute` with the limiter's name.
pub(crate) fn policy_name(name: &str, limit: Limit) -> String {
    let window = match limit.period {
        Period::Seconds(seconds) => format!("{seconds}s"),
        named => named.name().into_owned(),
    };
    if name.is_empty() { window } else { format!("{name}-{window}") }
}
