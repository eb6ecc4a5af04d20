//! The headers of Kong's rate-limiting plugin.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

use super::{
    headroom::{Headroom, Remaining, remaining, tightest},
    lines::{Lines, decimal},
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
            limit: HeaderName::from_static("ratelimit-limit"),
            remaining: HeaderName::from_static("ratelimit-remaining"),
            reset: HeaderName::from_static("ratelimit-reset"),
        }
    }

    pub(super) fn response_headers(&self) -> Vec<&str> {
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
        let is_stricter = |name: &HeaderName, ours: Remaining| match number(name) {
            // With equal counts, the later reset is stricter.
            Some(theirs) if theirs == ours.requests && *name == self.remaining => {
                number(&self.reset).is_some_and(|reset| reset > ours.reset)
            }
            theirs => theirs.is_some_and(|theirs| theirs < ours.requests),
        };
        let lines = self.lines(limits, headroom, is_stricter);
        lines.into_iter().map(|(name, value)| HeaderMutation::Set(name, value)).collect()
    }

    pub(super) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        self.lines(limits, headroom, |_, _| false)
    }

    /// The lines of all windows except those the upstream's headers are stricter for. `is_stricter`
    /// gets the name of a header with a remaining quota, and this filter's value for it.
    fn lines<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        is_stricter: impl Fn(&HeaderName, Remaining) -> bool,
    ) -> Lines<'f> {
        let mut lines: Lines<'f> = Vec::with_capacity(self.windows.len() * 2 + 5);
        for (window, ours) in self.windows.iter().zip(remaining(limits, headroom)) {
            if !is_stricter(&window.remaining, ours) {
                lines.push((&window.limit, Cow::Borrowed(&window.limit_value)));
                lines.push((&window.remaining, decimal(ours.requests)));
            }
        }
        let tightest = tightest(limits, headroom)
            .filter(|ours| !is_stricter(&self.remaining, *ours))
            .and_then(|ours| Some((self.windows.get(ours.limit)?, ours)));
        if let Some((window, ours)) = tightest {
            lines.push((&self.limit, Cow::Borrowed(&window.limit_value)));
            lines.push((&self.remaining, decimal(ours.requests)));
            lines.push((&self.reset, decimal(ours.reset)));
        }
        lines
    }
}
