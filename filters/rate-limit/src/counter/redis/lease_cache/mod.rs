//! What one worker knows about clients: leases, and refusals that hold until a window ends.
//!
//! A lease is counted when it is taken, so an unused or lost lease never lets more requests pass than
//! the limit. It ends with the first window that ends. The unused part then returns to the longer
//! windows with the client's next charge. A refusal holds until the window ends, because counts only
//! grow until then. It is dropped earlier if the worker's clock is set back, which would move the
//! end, or if a later charge shows that a window has room after all.

use std::rc::{Rc, Weak};

use crate::{
    config::LeaseConfig,
    counter::{
        charge::{Charge, Grant},
        count::Counted,
        fingerprint::{Fingerprint, FingerprintMap},
    },
    window::{Counts, Limit, MAX_WINDOWS, seconds},
};

/// The maximum number of clients, about 2 MB. Further clients get no lease.
const MAX_CLIENTS: usize = 16_384;

/// The maximum size of a worker's first lease of a client. Later leases are up to twice the used part
/// of the last one.
const FIRST_LEASE: u32 = 2;

/// The minimum time between removals of expired clients, in milliseconds.
const SWEEP_MS: u64 = 1_000;

/// The leases and refusals of one worker.
#[derive(Default)]
pub(crate) struct LeaseCache {
    clients: FingerprintMap<Client>,
    swept: u64,
}

#[derive(Default)]
struct Client {
    /// The counts of the last grant.
    counts: Counts,
    /// The time of these counts by the worker's clock, or earlier.
    counted_at: u64,
    /// The size of the lease.
    leased: u32,
    /// The unused part of the lease.
    unused: u32,
    /// The end of the lease, by the worker's clock.
    lease_ends: u64,
    /// The start of the lease in seconds, by the clock of the counts.
    leased_at: u32,
    /// Requests of this cost or more are rejected. 0 for none.
    refused_cost: u32,
    /// The end of the refusal, by the worker's clock.
    refusal_ends: u64,
    /// Alive while a charge asks for a lease.
    charging: Weak<()>,
}

/// A verdict without a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CachedVerdict {
    /// The lease covers the request.
    Allowed(Counts),
    /// A window is full.
    Refused(Counts),
}

impl CachedVerdict {
    /// The count. `client` gives the keyed hash of a rejected client.
    pub(crate) fn into_counted(self, client: impl FnOnce() -> Fingerprint) -> Counted {
        let (counts, refused) = match self {
            Self::Allowed(counts) => (counts, None),
            Self::Refused(counts) => (counts, Some(client())),
        };
        Counted { counts, fallback: false, refused }
    }
}

impl LeaseCache {
    /// The verdict on a request, if no charge is needed. `now` is in milliseconds.
    pub(crate) fn verdict(
        &mut self,
        client: &Fingerprint,
        limits: &[Limit],
        cost: u32,
        now: u64,
    ) -> Option<CachedVerdict> {
        let client = self.clients.get_mut(client)?;
        if now < client.counted_at {
            // The clock was set back. The window ends before the clock shows its end again.
            client.refused_cost = 0;
            return None;
        }
        if client.unused >= cost && now < client.lease_ends {
            client.unused -= cost;
            return Some(CachedVerdict::Allowed(client.used(limits, now)));
        }
        if client.refused_cost == 0 || cost < client.refused_cost || now >= client.refusal_ends {
            return None;
        }
        let used = client.used(limits, now);
        // The counts may be older than the refusal, if responses overtook each other. Or the unused
        // part of a lease makes room. Then Redis decides.
        let has_full_window =
            limits.iter().zip(used.counts).any(|(limit, count)| is_full(*limit, count, cost));
        has_full_window.then_some(CachedVerdict::Refused(used))
    }

    /// The charge for a request. Of several charges of a client, one at a time asks for a lease, so
    /// that a worker never has more than `lease` allows. That charge lasts as long as `alive`.
    pub(crate) fn charge(
        &mut self,
        client: &Fingerprint,
        cost: u32,
        lease: Option<LeaseConfig>,
        alive: &Rc<()>,
        now: u64,
    ) -> Charge {
        let plain = Charge::without_lease(cost);
        let Some(lease) = lease else { return plain };
        let Some(client) = self.entry(client, now) else { return plain };
        if client.charging.strong_count() > 0 {
            return plain;
        }
        client.charging = Rc::downgrade(alive);
        let (returned, leased_at) = (std::mem::take(&mut client.unused), client.leased_at);
        let used = std::mem::take(&mut client.leased).saturating_sub(returned);
        // A worker that rarely sees a client must not hold quota that other workers need.
        let max = used.saturating_mul(2).clamp(FIRST_LEASE, lease.max.max(FIRST_LEASE));
        let lease = LeaseConfig { max: max.min(lease.max), ..lease };
        Charge { cost, lease, returned, leased_at }
    }

    /// Learns the result of a charge. `charged_at` is the time of the charge by the worker's clock.
    pub(crate) fn learn(
        &mut self,
        client: &Fingerprint,
        limits: &[Limit],
        cost: u32,
        grant: &Grant,
        charged_at: u64,
    ) {
        let Grant { taken, counts } = *grant;
        let leased = grant.leased(cost);
        if taken > 0 {
            if let Some(client) = self.clients.get_mut(client) {
                client.drop_disproved_refusal(cost, counts.at);
            }
            if leased == 0 {
                return;
            }
        }
        let Some(client) = self.entry(client, charged_at) else { return };
        // Of two responses, the faster one shows the difference between the clocks more precisely.
        let lag = |counts: Counts, time: u64| counts.at.wrapping_sub(time).cast_signed();
        let last = client.is_live(charged_at).then(|| lag(client.counts, client.counted_at));
        let least = last.unwrap_or(i64::MAX).min(lag(counts, charged_at));
        client.counts = counts;
        client.counted_at = counts.at.wrapping_sub(least.cast_unsigned());
        let second = seconds(counts.at);
        // The end of the window by the worker's clock. It is not after the end by the clock of the
        // counts, because that clock was read later.
        let end_of = |limit: &Limit| {
            let end = u64::from(limit.period.window(second).end) * 1_000;
            charged_at.saturating_add(end.saturating_sub(counts.at))
        };
        if taken > 0 {
            (client.leased, client.unused) = (leased, leased);
            client.leased_at = second;
            client.lease_ends = limits.iter().map(end_of).min().unwrap_or(0);
        } else {
            let windows = limits.iter().zip(counts.counts);
            let full = windows.filter(|(limit, count)| is_full(**limit, *count, cost));
            client.refused_cost = cost;
            client.refusal_ends = full.map(|(limit, _)| end_of(limit)).max().unwrap_or(0);
        }
    }

    /// The entry of a client. `None` if the cache is full.
    fn entry(&mut self, client: &Fingerprint, now: u64) -> Option<&mut Client> {
        if self.clients.len() >= MAX_CLIENTS && !self.clients.contains_key(client) {
            if now.abs_diff(self.swept) >= SWEEP_MS {
                self.swept = now;
                self.clients.retain(|_, client| client.is_needed(now));
            }
            if self.clients.len() >= MAX_CLIENTS {
                return None;
            }
        }
        Some(self.clients.entry(*client).or_default())
    }
}

impl Client {
    /// The counts of the current windows, without the unused part of the lease.
    fn used(&self, limits: &[Limit], now: u64) -> Counts {
        let Counts { counts, at: then } = self.counts;
        let at = then.saturating_add(now.saturating_sub(self.counted_at));
        let mut used = Counts { counts: [0; MAX_WINDOWS], at };
        let is_current =
            |limit: &Limit| limit.period.window(seconds(then)) == limit.period.window(seconds(at));
        for ((limit, count), used) in limits.iter().zip(counts).zip(&mut used.counts) {
            *used = if is_current(limit) { count.saturating_sub(self.unused) } else { 0 };
        }
        used
    }

    /// Drops the refusal if a request of this cost was granted later, at `at` by the clock of the
    /// counts.
    fn drop_disproved_refusal(&mut self, cost: u32, at: u64) {
        if cost >= self.refused_cost && at > self.counts.at {
            self.refused_cost = 0;
        }
    }

    fn is_needed(&self, now: u64) -> bool {
        self.charging.strong_count() > 0 || self.is_live(now)
    }

    /// Whether the client has a lease or a refusal.
    fn is_live(&self, now: u64) -> bool {
        let is_live = |end: u64| self.counted_at <= now && now < end;
        self.unused > 0 && is_live(self.lease_ends)
            || self.refused_cost > 0 && is_live(self.refusal_ends)
    }
}

/// Whether a window has no room for a request of this cost.
fn is_full(limit: Limit, count: u32, cost: u32) -> bool {
    limit.requests.saturating_sub(count) < cost
}

#[cfg(test)]
mod tests;
