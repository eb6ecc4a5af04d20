//! What a client is told of its limits.

mod ietf;
mod kong;
mod structured;

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, ResponseHead};

pub(crate) use self::{
    ietf::{Ietf, policy},
    kong::Kong,
};
use crate::{
    counter::lease::cache::{Counts, seconds},
    counter::local::table::WINDOWS,
    limiter::Limit,
};

/// What is left of a client's limits after a request; handed to the response.
#[derive(Clone, Copy, Debug)]
pub struct Headroom {
    /// The place of the limiter.
    pub(crate) limiter: usize,
    pub(crate) counts: [u32; WINDOWS],
    /// When the request was counted, in seconds since the epoch.
    pub(crate) now: u32,
}

impl Headroom {
    /// Under the limiter at that place.
    pub(crate) fn of(limiter: usize, counts: Counts) -> Self {
        Self { limiter, counts: counts.counts, now: seconds(counts.at) }
    }
}

/// The fields of one limiter; whatever does not change is made when it is configured.
#[derive(Debug)]
pub(crate) enum Headers {
    /// None at all.
    None,
    /// Those of Kong's plugin.
    Kong(Kong),
    /// Those of the IETF's draft.
    Ietf(Ietf),
}

/// The lines of a refusal.
pub(crate) type Lines<'f> = Vec<(&'f HeaderName, Cow<'f, [u8]>)>;

impl Headers {
    /// The lines of an upstream's response it looks at.
    pub(crate) fn reads(&self) -> Vec<&str> {
        match self {
            Headers::None => Vec::new(),
            Headers::Kong(kong) => kong.reads(),
            Headers::Ietf(ietf) => ietf.reads(),
        }
    }

    /// For the response to a request that was let pass. What an upstream says of stricter limits of
    /// its own stays.
    pub(crate) fn on_response<'f>(
        &'f self,
        limits: &[Limit],
        headroom: &Headroom,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        match self {
            Headers::None => Vec::new(),
            Headers::Kong(kong) => kong.on_response(limits, headroom, head),
            Headers::Ietf(ietf) => ietf.on_response(limits, headroom, head),
        }
    }

    /// For the reply to a request that was not.
    pub(crate) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        match self {
            Headers::None => Vec::new(),
            Headers::Kong(kong) => kong.on_refusal(limits, headroom),
            Headers::Ietf(ietf) => ietf.on_refusal(limits, headroom),
        }
    }
}

/// What is left of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// The place of the limit.
    pub(crate) limit: usize,
    pub(crate) remaining: u32,
    /// Seconds until the window ends, at least 1.
    pub(crate) reset: u32,
}

/// What is left of each window, in the order of the limits.
pub(crate) fn left(limits: &[Limit], headroom: &Headroom) -> impl Iterator<Item = Left> {
    limits.iter().zip(headroom.counts).enumerate().map(|(i, (limit, count))| Left {
        limit: i,
        remaining: limit.requests.saturating_sub(count),
        reset: reset(*limit, headroom.now),
    })
}

/// The window with the fewest requests left; of equals the longer one, whose reset is what counts.
pub(crate) fn tightest(limits: &[Limit], headroom: &Headroom) -> Option<Left> {
    left(limits, headroom).reduce(
        |least, next| {
            if next.remaining <= least.remaining { next } else { least }
        },
    )
}

/// Seconds until every window without room for `cost` has ended, at least 1 (RFC 9110 10.2.3 counts
/// whole seconds): a request may pass then.
pub(crate) fn retry_after(limits: &[Limit], headroom: &Headroom, cost: u32) -> u32 {
    let full = left(limits, headroom).filter(|left| left.remaining < cost);
    full.map(|left| left.reset).max().unwrap_or(1)
}

fn reset(limit: Limit, now: u32) -> u32 {
    limit.period.at(now).end.saturating_sub(now).max(1)
}

pub(crate) fn decimal<'f>(number: u32) -> Cow<'f, [u8]> {
    let mut text = Vec::with_capacity(DIGITS);
    push_decimal(&mut text, number);
    Cow::Owned(text)
}

/// As many as a number can have.
const DIGITS: usize = 10;

/// Adds a number: many times cheaper than formatting it.
fn push_decimal(text: &mut Vec<u8>, number: u32) {
    let (mut digits, mut rest, mut count) = ([b'0'; DIGITS], number, 0_usize);
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
        count += 1;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(digits.get(DIGITS - count..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_usual() {
        for number in (0..=u32::BITS).map(|bits| u32::MAX.checked_shr(bits).unwrap_or(0)) {
            for number in [number, number / 10 * 10, number / 3] {
                assert_eq!(&*decimal(number), number.to_string().as_bytes());
            }
        }
    }
}
