//! The header fields of Kong's plugin.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use super::{Headroom, Left, Lines, decimal, left, tightest};
use crate::limiter::Limit;

/// `X-RateLimit-Limit-<Window>` and `-Remaining-<Window>` for each window; `RateLimit-Limit`,
/// `-Remaining` and `-Reset` (seconds) for the tightest.
#[derive(Debug)]
pub(crate) struct Kong {
    windows: Vec<Window>,
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
}

#[derive(Debug)]
struct Window {
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
            Some(Window {
                limit: name("limit")?,
                remaining: name("remaining")?,
                limit_value: limit.requests.to_string().into_bytes(),
            })
        });
        Self {
            windows: windows.collect(),
            limit: HeaderName::from_static("ratelimit-limit"),
            remaining: HeaderName::from_static("ratelimit-remaining"),
            reset: HeaderName::from_static("ratelimit-reset"),
        }
    }

    pub(super) fn reads(&self) -> Vec<&str> {
        let windows = self.windows.iter().map(|window| &window.remaining);
        windows.chain([&self.remaining]).map(HeaderName::as_str).collect()
    }

    pub(super) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let number = |name: &HeaderName| -> Option<u32> {
            let value = head.headers.get(name.as_str())?;
            str::from_utf8(value).ok()?.trim().parse().ok()
        };
        let is_stricter = |name: &HeaderName, ours: Left| match number(name) {
            // As few are left, and for longer.
            Some(theirs) if theirs == ours.remaining && *name == self.remaining => {
                number(&self.reset).is_some_and(|reset| reset > ours.reset)
            }
            theirs => theirs.is_some_and(|theirs| theirs < ours.remaining),
        };
        let lines = self.lines(limits, headroom, is_stricter);
        lines.into_iter().map(|(name, value)| HeaderMutation::Set(name, value)).collect()
    }

    pub(super) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        self.lines(limits, headroom, |_, _| false)
    }

    /// The lines, without those about a window of which somebody else leaves less: what is asked is
    /// the name of the field with what is left, and how much that is here.
    fn lines<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        leave: impl Fn(&HeaderName, Left) -> bool,
    ) -> Lines<'f> {
        let mut lines: Lines<'f> = Vec::with_capacity(self.windows.len() * 2 + 5);
        for (window, left) in self.windows.iter().zip(left(limits, headroom)) {
            if !leave(&window.remaining, left) {
                lines.push((&window.limit, Cow::Borrowed(&window.limit_value)));
                lines.push((&window.remaining, decimal(left.remaining)));
            }
        }
        let tightest = tightest(limits, headroom)
            .filter(|left| !leave(&self.remaining, *left))
            .and_then(|left| Some((self.windows.get(left.limit)?, left)));
        if let Some((window, left)) = tightest {
            lines.push((&self.limit, Cow::Borrowed(&window.limit_value)));
            lines.push((&self.remaining, decimal(left.remaining)));
            lines.push((&self.reset, decimal(left.reset)));
        }
        lines
    }
}
