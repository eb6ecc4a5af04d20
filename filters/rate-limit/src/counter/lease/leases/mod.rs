//! [`Leases`]: the leases of one worker.

use crate::{
    config::LeaseConfig,
    counter::{
        charge::{Charge, Grant},
        fingerprint::{Fingerprint, FingerprintMap},
    },
    window::{Counts, Limit, seconds},
};

/// The maximum number of clients, about half a megabyte. Further clients get no lease until the next
/// period.
const MAX_CLIENTS: usize = 4_096;

/// The number of requests in one period after which a client gets leases. A lease costs two accesses
/// to the table, to take it and to return it, so it must save more than that.
const BUSY: u32 = 8;

/// The minimum length of a period, in milliseconds. The timer may be called more often.
const MIN_PERIOD_MS: u64 = 500;

/// A timer that has not been called for this long may never be called again.
const TIMER_LOST_MS: u64 = 2_000;

/// The leases of one worker. Its time is divided into periods by the timer.
#[derive(Default)]
pub(super) struct Leases {
    clients: FingerprintMap<Client>,
    /// The start of the period, by the worker's clock.
    period: u64,
    /// The requests that leases let pass in this period.
    hits: u32,
}

struct Client {
    limiter: usize,
    /// The requests of this period and of the last one, times their cost.
    used: u32,
    used_before: u32,
    lease: Lease,
}

#[derive(Default)]
struct Lease {
    /// The counts when the lease was taken, which include all of it.
    counts: Counts,
    unused: u32,
    /// When it was taken and when it ends, in milliseconds, by the worker's clock.
    taken_at: u64,
    ends: u64,
    /// When it was taken, in seconds, by the clock of the counts.
    leased_at: u32,
}

impl Leases {
    /// The counts after a request that a lease lets pass. `now` is in milliseconds.
    pub(super) fn spend(&mut self, client: &Fingerprint, cost: u32, now: u64) -> Option<Counts> {
        let Client { used, lease, .. } = self.clients.get_mut(client)?;
        if !(lease.taken_at..lease.ends).contains(&now) {
            return None;
        }
        lease.unused = lease.unused.checked_sub(cost)?;
        *used = used.saturating_add(cost);
        self.hits = self.hits.saturating_add(1);
        let unused = lease.unused;
        let Counts { counts, at } = lease.counts;
        Some(Counts {
            counts: counts.map(|count| count.saturating_sub(unused)),
            at: at.saturating_add(now.saturating_sub(lease.taken_at)),
        })
    }

    /// The charge for a request, with a lease of at most `size` if the client is busy.
    pub(super) fn charge(
        &mut self,
        client: &Fingerprint,
        limiter: usize,
        cost: u32,
        size: LeaseConfig,
        now: u64,
    ) -> Charge {
        let plain = Charge::without_lease(cost);
        let has_timer = self.age(now) <= TIMER_LOST_MS;
        if !self.clients.contains_key(client) {
            if has_timer && self.clients.len() < MAX_CLIENTS {
                let new = Client { limiter, used: cost, used_before: 0, lease: Lease::default() };
                self.clients.insert(*client, new);
            }
            return plain;
        }
        let Some(client) = self.clients.get_mut(client) else { return plain };
        client.used = client.used.saturating_add(cost);
        let used = client.used.max(client.used_before);
        let is_busy = used >= cost.saturating_mul(BUSY);
        let max = if has_timer && is_busy { used.saturating_mul(2).min(size.max) } else { 0 };
        let Charge { returned, leased_at, .. } = client.lease.take_rest();
        Charge { cost, lease: LeaseConfig { max, ..size }, returned, leased_at }
    }

    /// Learns the result of a charge at `now`.
    pub(super) fn learn(
        &mut self,
        client: &Fingerprint,
        limits: &[Limit],
        cost: u32,
        grant: &Grant,
        now: u64,
    ) {
        let leased = grant.leased(cost);
        if leased == 0 {
            return;
        }
        let Some(client) = self.clients.get_mut(client) else { return };
        let counts = grant.counts;
        let second = seconds(counts.at);
        // The counts are not older than `now`, so a lease ends before its windows.
        let left = |limit: &Limit| {
            (u64::from(limit.period.window(second).end) * 1_000).saturating_sub(counts.at)
        };
        let left = limits.iter().map(left).min().unwrap_or(0);
        let ends = now.saturating_add(left);
        client.lease = Lease { counts, unused: leased, taken_at: now, ends, leased_at: second };
    }

    /// Begins a period, unless the current one is too short.
    pub(super) fn begin_period(&mut self, now: u64) -> bool {
        let is_over = self.age(now) >= MIN_PERIOD_MS;
        if is_over {
            self.period = now;
        }
        is_over
    }

    /// The age of the period in milliseconds.
    pub(super) fn age(&self, now: u64) -> u64 {
        now.abs_diff(self.period)
    }

    /// Ends all leases. `give_back` gets each unused part with its limiter and client. Forgets the
    /// clients that were not busy in the last period.
    pub(super) fn take_rests(&mut self, mut give_back: impl FnMut(usize, &Fingerprint, &Charge)) {
        self.clients.retain(|fingerprint, client| {
            let rest = client.lease.take_rest();
            if rest.returned > 0 {
                give_back(client.limiter, fingerprint, &rest);
            }
            client.used_before = std::mem::take(&mut client.used);
            client.used_before >= BUSY
        });
    }

    /// The requests that leases let pass since the last call.
    pub(super) fn take_hits(&mut self) -> u32 {
        std::mem::take(&mut self.hits)
    }
}

impl Lease {
    /// Ends the lease. The charge returns its rest.
    fn take_rest(&mut self) -> Charge {
        Charge::of_rest(std::mem::take(&mut self.unused), self.leased_at)
    }
}

#[cfg(test)]
mod tests;
