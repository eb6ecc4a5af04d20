//! What one worker knows of clients without asking where counts are kept: what it has taken and not
//! used yet (a lease), and who has no room until a window ends.
//!
//! A lease is counted when it is taken, so that whatever becomes of it never lets more pass than the
//! limit. It ends with the first window that does; what is left of it then goes back to the longer
//! windows with the next question about the client. A refusal holds until the window ends, because
//! counts only grow until then.

use std::{
    collections::HashMap,
    rc::{Rc, Weak},
};

use crate::{
    counter::charge::{Take, Terms},
    counter::local::table::{Fingerprint, WINDOWS},
    limiter::Limit,
};

/// Clients that are known at most: about 2 MB. Others have no lease, and are asked about each time.
const MOST: usize = 16_384;
/// A worker's first lease of a client at most; later ones are twice what it used of the last.
const FIRST: u32 = 2;
/// How often those are thrown out of whom nothing is known any more, in milliseconds.
const SWEEP_MS: u64 = 1_000;

/// What one worker knows.
#[derive(Default)]
pub(crate) struct Known {
    clients: HashMap<Fingerprint, Client>,
    swept: u64,
}

/// What was counted of a client, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) counts: [u32; WINDOWS],
    /// By the clock of the counts, in milliseconds since the epoch.
    pub(crate) at: u64,
}

/// What the store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    /// The cost and the lease; 0 when there was no room.
    pub(crate) taken: u32,
    /// After that.
    pub(crate) counts: Counts,
}

#[derive(Default)]
struct Client {
    counts: Counts,
    /// When the worker asked for them, by its own clock: not later than they are of.
    asked: u64,
    /// The lease as it was taken.
    leased: u32,
    /// What of it is not used.
    tokens: u32,
    /// Until when it holds, by the worker's clock.
    until: u64,
    /// When it was taken, by the clock of the counts, in seconds.
    since: u32,
    /// Requests that cost as much are refused, until then.
    refused: u32,
    refused_until: u64,
    /// Alive while a call is under way that asks for a lease.
    asking: Weak<()>,
}

/// What is known about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    /// The lease has room for it.
    Allowed(Counts),
    /// There is no room for it.
    Refused(Counts),
}

impl Known {
    /// Rules about a request, if it can be done without asking; `now` in milliseconds.
    pub(crate) fn rule(
        &mut self,
        client: &Fingerprint,
        limits: &[Limit],
        cost: u32,
        now: u64,
    ) -> Option<Ruling> {
        let known = self.clients.get_mut(client).filter(|known| known.asked <= now)?;
        if known.tokens >= cost && now < known.until {
            known.tokens -= cost;
            return Some(Ruling::Allowed(known.seen(limits, now)));
        }
        let is_refused = known.refused != 0 && cost >= known.refused && now < known.refused_until;
        is_refused.then(|| Ruling::Refused(known.seen(limits, now)))
    }

    /// What to take for a request that is asked about now. Of several questions about a client one
    /// at a time asks for a lease, so that a worker never has more of it than `terms` say; that
    /// question lasts as long as `asking`.
    pub(crate) fn take(
        &mut self,
        client: &Fingerprint,
        cost: u32,
        terms: Option<Terms>,
        asking: &Rc<()>,
        now: u64,
    ) -> Take {
        let plain = Take::only(cost);
        let Some(lease) = terms else { return plain };
        let Some(known) = self.entry(client, now) else { return plain };
        if known.asking.strong_count() > 0 {
            return plain;
        }
        known.asking = Rc::downgrade(asking);
        let (back, since) = (std::mem::take(&mut known.tokens), known.since);
        let used = std::mem::take(&mut known.leased).saturating_sub(back);
        // Workers that a client seldom comes to must not sit on what it needs elsewhere.
        let max = used.saturating_mul(2).clamp(FIRST, lease.max.max(FIRST)).min(lease.max);
        Take { cost, lease: Terms { max, ..lease }, back, since }
    }

    /// Learns what came of it. `asked` is when, by the worker's clock.
    pub(crate) fn learn(
        &mut self,
        client: &Fingerprint,
        limits: &[Limit],
        cost: u32,
        granted: &Granted,
        asked: u64,
    ) {
        let Granted { taken, counts } = *granted;
        let tokens = taken.saturating_sub(cost);
        if taken > 0 && tokens == 0 {
            return;
        }
        let Some(known) = self.entry(client, asked) else { return };
        // The quicker of two answers tells better how far the two clocks are apart.
        let lag = |counts: Counts, asked: u64| counts.at.wrapping_sub(asked).cast_signed();
        let last = known.holds(asked).then(|| lag(known.counts, known.asked));
        let least = last.unwrap_or(i64::MAX).min(lag(counts, asked));
        known.counts = counts;
        known.asked = counts.at.wrapping_sub(least.cast_unsigned());
        let second = seconds(counts.at);
        // In the worker's time, and not after the end by the clock of the counts: that one's
        // reading is the later of the two.
        let ends_in = |limit: &Limit| {
            let end = u64::from(limit.period.at(second).end) * 1_000;
            asked.saturating_add(end.saturating_sub(counts.at))
        };
        if taken > 0 {
            (known.leased, known.tokens) = (tokens, tokens);
            known.since = second;
            known.until = limits.iter().map(ends_in).min().unwrap_or(0);
        } else {
            let is_full =
                |(limit, count): &(&Limit, u32)| limit.requests.saturating_sub(*count) < cost;
            let full = limits.iter().zip(counts.counts).filter(is_full);
            known.refused = cost;
            known.refused_until = full.map(|(limit, _)| ends_in(limit)).max().unwrap_or(0);
        }
    }

    /// That of a client; `None` when there is no room for one more.
    fn entry(&mut self, client: &Fingerprint, now: u64) -> Option<&mut Client> {
        if self.clients.len() >= MOST && !self.clients.contains_key(client) {
            if now.abs_diff(self.swept) >= SWEEP_MS {
                self.swept = now;
                self.clients.retain(|_, known| known.matters(now));
            }
            if self.clients.len() >= MOST {
                return None;
            }
        }
        Some(self.clients.entry(*client).or_default())
    }
}

/// Of milliseconds.
pub(crate) fn seconds(millis: u64) -> u32 {
    u32::try_from(millis / 1_000).unwrap_or(u32::MAX)
}

impl Client {
    /// The counts of the windows that are now, without what is not used.
    fn seen(&self, limits: &[Limit], now: u64) -> Counts {
        let Counts { counts, at: then } = self.counts;
        let at = then.saturating_add(now.saturating_sub(self.asked));
        let mut seen = Counts { counts: [0; WINDOWS], at };
        let same = |limit: &Limit| limit.period.at(seconds(then)) == limit.period.at(seconds(at));
        for ((limit, count), seen) in limits.iter().zip(counts).zip(&mut seen.counts) {
            *seen = if same(limit) { count.saturating_sub(self.tokens) } else { 0 };
        }
        seen
    }

    fn matters(&self, now: u64) -> bool {
        self.asking.strong_count() > 0 || self.holds(now)
    }

    /// Whether it can rule about requests.
    fn holds(&self, now: u64) -> bool {
        let holds = |until: u64| self.asked <= now && now < until;
        self.tokens > 0 && holds(self.until) || self.refused > 0 && holds(self.refused_until)
    }
}

#[cfg(test)]
mod tests;
