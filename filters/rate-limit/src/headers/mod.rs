//! The rate-limit headers of responses.

mod headroom;
mod ietf;
mod kong;
mod lines;
mod reports;
mod retry_after;
mod structured;

use novasphere_core::{HeaderInterest, HeaderMutation, ResponseHead};

pub use self::headroom::Headroom;
pub(crate) use self::{
    headroom::{Remaining, remaining},
    ietf::{Ietf, policy_name},
    kong::Kong,
    lines::Lines,
    retry_after::{retry_after, retry_after_line},
};
use crate::window::Limit;

/// The headers of one limiter. Constant parts are computed once per configuration.
#[derive(Debug)]
pub(crate) enum Headers {
    None,
    Kong(Kong),
    Ietf(Ietf),
}

impl Headers {
    /// The upstream's headers that a response is checked for.
    pub(crate) fn response_headers(&self) -> HeaderInterest {
        match self {
            Headers::None => HeaderInterest::None,
            Headers::Kong(kong) => kong.response_headers(),
            Headers::Ietf(ietf) => ietf.response_headers(),
        }
    }

    /// The mutations of the response to a request that passed. The headers of an upstream with
    /// stricter limits are kept.
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

    /// The header lines of a refusal.
    pub(crate) fn on_refusal<'f>(&'f self, limits: &[Limit], headroom: &Headroom) -> Lines<'f> {
        match self {
            Headers::None => Vec::new(),
            Headers::Kong(kong) => kong.on_refusal(limits, headroom),
            Headers::Ietf(ietf) => ietf.on_refusal(limits, headroom),
        }
    }
}
