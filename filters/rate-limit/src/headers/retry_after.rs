//! `Retry-After` (RFC 9110 section 10.2.3).

use std::borrow::Cow;

use novasphere_core::HeaderName;

use super::{
    headroom::{Headroom, remaining},
    lines::decimal,
};
use crate::window::Limit;

static RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

/// The header line for a number of seconds.
pub(crate) fn retry_after_line<'f>(seconds: u32) -> (&'f HeaderName, Cow<'f, [u8]>) {
    (&RETRY_AFTER, decimal(seconds))
}

/// Seconds until a request of this cost may pass: until every window that is too full for it has
/// ended. At least 1, because the header counts whole seconds.
pub(crate) fn retry_after(limits: &[Limit], headroom: &Headroom, cost: u32) -> u32 {
    let full = remaining(limits, headroom).filter(|window| window.requests < cost);
    full.map(|window| window.reset).max().unwrap_or(1)
}
