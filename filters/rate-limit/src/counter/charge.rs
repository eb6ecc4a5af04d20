//! What a request takes of its client's limits.

/// So much is counted, if every window has room for the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    /// Of the request itself, at least 1.
    pub(crate) cost: u32,
    /// What is taken beside, for later requests.
    pub(crate) lease: Terms,
    /// What was taken earlier and is not used: given back to the windows that have not ended.
    pub(crate) back: u32,
    /// When that was, in seconds since the epoch by the clock of the counts.
    pub(crate) since: u32,
}

/// How much a worker takes at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Percent of what is left.
    pub(crate) share: u32,
    pub(crate) max: u32,
}

impl Take {
    /// A request's cost, and nothing else.
    pub(crate) const fn only(cost: u32) -> Self {
        Self { cost, lease: Terms { share: 0, max: 0 }, back: 0, since: 0 }
    }
}

impl Terms {
    /// What is taken when so much is left: less and less near the limit, and nothing in the end.
    pub(crate) fn of(self, left: u32) -> u32 {
        let share = u64::from(left) * u64::from(self.share) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).min(self.max)
    }
}
