//! The time of a request.

use std::cell::OnceCell;

use novasphere_core::{Clock, UnixTime};

/// The time at which one request is decided about: asked of the host once, and the same to all
/// filters.
pub(crate) struct Once<'a> {
    outer: &'a dyn Clock,
    now: OnceCell<UnixTime>,
}

impl<'a> Once<'a> {
    pub(crate) fn new(outer: &'a dyn Clock) -> Self {
        Self { outer, now: OnceCell::new() }
    }
}

impl Clock for Once<'_> {
    fn now(&self) -> UnixTime {
        *self.now.get_or_init(|| self.outer.now())
    }
}
