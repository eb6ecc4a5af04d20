//! The charge of a request against the quota of its client, and the grant.

use crate::{config::LeaseConfig, window::Counts};

/// The amount to count. It is counted in all windows, or in none if a window is too full for the
/// cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// The cost of the request. 0 to return a lease without a request.
    pub(crate) cost: u32,
    /// The lease to take beyond the cost, for later requests.
    pub(crate) lease: LeaseConfig,
    /// The unused part of the last lease, returned to the windows that have not ended since.
    pub(crate) returned: u32,
    /// The time of the last lease, in seconds since the epoch, by the clock of the counts.
    pub(crate) leased_at: u32,
}

/// The answer to a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The cost and the lease. 0 if a window had no room for the cost.
    pub(crate) taken: u32,
    /// The counts afterwards.
    pub(crate) counts: Counts,
}

impl Charge {
    /// The cost of a request, without a lease.
    pub(crate) const fn without_lease(cost: u32) -> Self {
        Self { cost, lease: LeaseConfig { share: 0, max: 0 }, returned: 0, leased_at: 0 }
    }

    /// Only returns the unused part of a lease.
    pub(crate) const fn of_rest(returned: u32, leased_at: u32) -> Self {
        Self { returned, leased_at, ..Self::without_lease(0) }
    }

    /// The size of the lease for a remaining quota. It shrinks to nothing near the limit.
    pub(crate) fn lease_of(&self, remaining: u32) -> u32 {
        let share = u64::from(remaining) * u64::from(self.lease.share) / 100;
        u32::try_from(share).unwrap_or(u32::MAX).min(self.lease.max)
    }
}

impl Grant {
    /// The requests leased beyond the cost.
    pub(crate) fn leased(&self, cost: u32) -> u32 {
        self.taken.saturating_sub(cost)
    }

    /// The counts without the lease.
    pub(crate) fn used(&self, cost: u32) -> Counts {
        let leased = self.leased(cost);
        if leased == 0 {
            return self.counts;
        }
        let Counts { counts, at } = self.counts;
        Counts { counts: counts.map(|count| count.saturating_sub(leased)), at }
    }
}
