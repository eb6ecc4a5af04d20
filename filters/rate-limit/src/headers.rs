//! What a client is told of its limits, in Kong's form.

use std::borrow::Cow;

use novasphere_core::{Edit, HeaderName};

use crate::policy::{Headroom, Limit};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// The header lines of one limiter; whatever does not change is made when it is configured.
#[derive(Debug)]
pub(crate) struct Headers {
    hidden: bool,
    windows: Vec<WindowHeaders>,
    names: Names,
}

#[derive(Debug)]
struct Names {
    limit: HeaderName,
    remaining: HeaderName,
    reset: HeaderName,
    retry_after: HeaderName,
    content_type: HeaderName,
}

#[derive(Debug)]
struct WindowHeaders {
    limit: Limit,
    limit_name: HeaderName,
    remaining_name: HeaderName,
    limit_value: Vec<u8>,
}

type Lines<'p> = Vec<(&'p HeaderName, Cow<'p, [u8]>)>;

impl Headers {
    /// `hidden` leaves out everything but `Retry-After`.
    pub(crate) fn new(limits: &[Limit], hidden: bool) -> Self {
        let windows = limits
            .iter()
            .filter_map(|limit| {
                let name = |kind| {
                    HeaderName::parse(&format!("x-ratelimit-{kind}-{}", limit.period.name()))
                };
                Some(WindowHeaders {
                    limit: *limit,
                    limit_name: name("limit").ok()?,
                    remaining_name: name("remaining").ok()?,
                    limit_value: limit.requests.to_string().into_bytes(),
                })
            })
            .collect();
        let names = Names {
            limit: LIMIT,
            remaining: REMAINING,
            reset: RESET,
            retry_after: RETRY_AFTER,
            content_type: CONTENT_TYPE,
        };
        Self { hidden, windows, names }
    }

    /// For the response to a request that was let pass.
    pub(crate) fn on_response<'p>(&'p self, headroom: &Headroom) -> Vec<Edit<'p>> {
        self.lines(headroom).into_iter().map(|(name, value)| Edit::Set(name, value)).collect()
    }

    /// For the reply to a request that was not.
    pub(crate) fn on_refusal<'p>(&'p self, headroom: &Headroom) -> Lines<'p> {
        let mut lines = self.lines(headroom);
        // Once every exhausted window has ended, a request may pass; never 0 (RFC 9110 10.2.3
        // counts whole seconds).
        let exhausted = self.windows.iter().zip(headroom.counts);
        let wait = exhausted
            .filter(|(window, count)| *count >= window.limit.requests)
            .map(|(window, _)| window.reset(headroom.now))
            .max();
        lines.push((&self.names.retry_after, decimal(wait.unwrap_or(1).max(1))));
        lines.push((&self.names.content_type, Cow::Borrowed(b"application/json; charset=utf-8")));
        lines
    }

    fn lines<'p>(&'p self, headroom: &Headroom) -> Lines<'p> {
        if self.hidden {
            return Vec::new();
        }
        let mut lines: Lines<'p> = Vec::with_capacity(self.windows.len() * 2 + 5);
        let mut tightest: Option<(&WindowHeaders, u32)> = None;
        for (window, count) in self.windows.iter().zip(headroom.counts) {
            let remaining = window.limit.requests.saturating_sub(count);
            lines.push((&window.limit_name, Cow::Borrowed(window.limit_value.as_slice())));
            lines.push((&window.remaining_name, decimal(remaining)));
            // The fewest requests left; of equals the longer window, whose reset is what counts.
            if tightest.is_none_or(|(_, least)| remaining <= least) {
                tightest = Some((window, remaining));
            }
        }
        if let Some((window, remaining)) = tightest {
            lines.push((&self.names.limit, Cow::Borrowed(window.limit_value.as_slice())));
            lines.push((&self.names.remaining, decimal(remaining)));
            lines.push((&self.names.reset, decimal(window.reset(headroom.now))));
        }
        lines
    }
}

impl WindowHeaders {
    /// Seconds until the window ends, at least 1.
    fn reset(&self, now: u32) -> u32 {
        self.limit.period.at(now).end.saturating_sub(now).max(1)
    }
}

fn decimal<'p>(number: u32) -> Cow<'p, [u8]> {
    Cow::Owned(number.to_string().into_bytes())
}
