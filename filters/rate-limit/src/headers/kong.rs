//! The headers of Kong's rate-limiting plugin.

use std::borrow::Cow;

use novasphere_core::{HeaderInterest, HeaderMutation, HeaderName, ResponseHead};

use super::{
    headroom::{Headroom, remaining, tightest},
    lines::{Line, Lines, decimal},
    reports::{self, Fields, Quota, Reports, strictest},
};
use crate::window::Limit;

/// `X-RateLimit-Limit-<Window>` and `X-RateLimit-Remaining-<Window>` for each window, and
/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds) for the tightest window.
#[derive(Debug)]
pub(crate) struct Kong {
    windows: Vec<WindowHeaders>,
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
    /// The fields of later drafts, which an upstream may send.
    rate_limit: HeaderName,
    policy: HeaderName,
}

#[derive(Debug)]
struct WindowHeaders {
    limit: HeaderName,
    remaining: HeaderName,
    limit_value: Vec<u8>,
}

impl Kong {
    pub(crate) fn new(limits: &[Limit]) -> Self {
        let windows = limits.iter().filter_map(|limit| {
            let name = |kind| {
                HeaderName::parse(&format!("x-ratelimit-{kind}-{}", limit.period.name())).ok()
            };
            Some(WindowHeaders {
                limit: name("limit")?,
                remaining: name("remaining")?,
                limit_value: limit.requests.to_string().into_bytes(),
            })
        });
        Self {
            windows: windows.collect(),
            limit: HeaderName::from_static(reports::LIMIT),
            remaining: HeaderName::from_static(reports::REMAINING),
            reset: HeaderName::from_static(reports::RESET),
            rate_limit: HeaderName::from_static(reports::RATELIMIT),
            policy: HeaderName::from_static(reports::POLICY),
        }
    }

    /// The fields of single windows are not listed, because Kong and this filter never send them
    /// without these. But with several windows, the whole head is cheaper: it shows that the fields
    /// are absent, and Envoy adds an absent field for 1,300 instructions less than it replaces one.
    pub(super) fn response_headers(&self) -> HeaderInterest {
        if self.windows.len() > 1 {
            return HeaderInterest::All;
        }
        HeaderInterest::all_if_any([self.remaining.as_str(), self.rate_limit.as_str()])
    }

    /// Makes the fields of this filter, and the upstream's fields in any form, show the strictest
    /// quota.
    pub(super) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let set = |(name, value): Line<'f>| HeaderMutation::Set(name, value);
        let mut mutations = Vec::with_capacity(self.usual_lines());
        if !Reports::are_in(head) {
            self.for_each_line(limits, headroom, |line| mutations.push(set(line)));
            return mutations;
        }
        for (window, ours) in self.windows.iter().zip(remaining(limits, headroom)) {
            mutations.extend(window.lines(ours.requests, head).into_iter().map(set));
        }
        let Some(tightest) = tightest(limits, headroom) else { return mutations };
        let (reports, ours) = (Reports::read(head), reports::own(limits, tightest));
        let (fields, in_rate_limit) = (reports.fields, reports.in_rate_limit());
        let others = [fields.map(|fields| fields.quota), in_rate_limit];
        let shown = strictest([ours].into_iter().chain(others.into_iter().flatten()));
        let shown = shown.unwrap_or(ours);
        let is_shown = |fields: &Fields| {
            !fields.is_repeated
                && fields.quota.is_stricter_than(&ours)
                && !shown.is_stricter_than(&fields.quota)
        };
        if !fields.as_ref().is_some_and(is_shown) {
            mutations.extend(self.mutations(shown, head));
        }
        if in_rate_limit.is_some_and(|theirs| shown.is_stricter_than(&theirs)) {
            mutations.push(HeaderMutation::remove(&self.rate_limit));
            mutations.push(HeaderMutation::remove(&self.policy));
        }
        mutations
    }

    /// The mutations that make the three fields show `quota`.
    fn mutations<'f>(
        &'f self,
        quota: Quota,
        head: &ResponseHead<'_>,
    ) -> impl Iterator<Item = HeaderMutation<'f>> {
        let Quota { limit, remaining, reset } = quota;
        let fields =
            [(&self.limit, limit), (&self.remaining, Some(remaining)), (&self.reset, reset)];
        let mutation = |(name, number): (&'f HeaderName, Option<u32>)| match number {
            Some(number) => Some(HeaderMutation::Set(name, decimal(number))),
            None => head.headers.contains(name.as_str()).then(|| HeaderMutation::remove(name)),
        };
        fields.map(mutation).into_iter().flatten()
    }

    pub(super) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        let mut lines = Vec::with_capacity(self.usual_lines());
        self.for_each_line(limits, headroom, |line| lines.push(line));
        lines
    }

    /// The usual number of lines: two for each window, three for the tightest, and two that a
    /// refusal adds.
    fn usual_lines(&self) -> usize {
        self.windows.len() * 2 + 5
    }

    /// Calls `push` with each line of this filter.
    fn for_each_line<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        mut push: impl FnMut(Line<'f>),
    ) {
        for (window, ours) in self.windows.iter().zip(remaining(limits, headroom)) {
            push((&window.limit, Cow::Borrowed(&window.limit_value)));
            push((&window.remaining, decimal(ours.requests)));
        }
        let tightest =
            tightest(limits, headroom).and_then(|ours| Some((self.windows.get(ours.limit)?, ours)));
        if let Some((window, ours)) = tightest {
            push((&self.limit, Cow::Borrowed(&window.limit_value)));
            push((&self.remaining, decimal(ours.requests)));
            push((&self.reset, decimal(ours.reset)));
        }
    }
}

impl WindowHeaders {
    /// The lines for this window, unless a line of the upstream is stricter. If the upstream has
    /// several, only its strictest stays.
    fn lines<'f>(&'f self, ours: u32, head: &ResponseHead<'_>) -> Lines<'f> {
        let numbers = |name: &HeaderName| -> Vec<Option<u32>> {
            let lines = head.headers.get_all(name.as_str());
            lines.map(|line| str::from_utf8(line).ok()?.trim().parse().ok()).collect()
        };
        let theirs = numbers(&self.remaining);
        let least = theirs.iter().enumerate().filter_map(|(line, number)| Some(((*number)?, line)));
        match least.min() {
            Some((least, line)) if least < ours => {
                if theirs.len() == 1 {
                    return Vec::new();
                }
                let limit = numbers(&self.limit).get(line).copied().flatten();
                let limit = limit.map(|limit| (&self.limit, decimal(limit)));
                limit.into_iter().chain([(&self.remaining, decimal(least))]).collect()
            }
            _ => vec![
                (&self.limit, Cow::Borrowed(&*self.limit_value)),
                (&self.remaining, decimal(ours)),
            ],
        }
    }
}
