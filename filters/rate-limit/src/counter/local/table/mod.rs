//! The shared table of counters: exact for every client it holds, and bounded.
//!
//! A fixed number of slots, each one value of the shared store with [`PLACES`] entries and one more
//! for the overflow. An entry belongs to one client of one limiter: it carries the client's whole
//! 128-bit keyed fingerprint, so no two clients share counts by accident or by design, and all of
//! its windows, so that one compare-and-swap counts them all. Limiters with different windows share
//! the table: an entry says itself until when it matters.
//!
//! When all places of a slot are taken by live entries, the one with the lowest used share is
//! forgotten, but never one that has used half or more of any window. If all have, the newcomers of
//! that limiter share the overflow entry; who of them gets a place of their own later goes on with
//! the shared counts, because they may all be theirs.

use crate::{counter::charge::Take, limiter::Limit, window::Window};

/// Windows an entry has room for.
pub(crate) const WINDOWS: usize = 7;
/// Entries of a slot, without the overflow entry.
pub(crate) const PLACES: usize = 8;
/// 16 bytes of fingerprint, then `last`, `expires`, `protected_until`, `share` and the counts, each
/// 32 bits, little-endian.
const ENTRY_BYTES: usize = 16 + 4 * (4 + WINDOWS);
/// Bytes of a slot: fixed, because one host crashes when a value grows in a full store.
pub(crate) const SLOT_BYTES: usize = ENTRY_BYTES * (PLACES + 1);

/// A client of a limiter: a keyed hash, wide enough that two clients never share one.
pub(crate) type Fingerprint = [u8; 16];

/// How far the workers' readings of one clock may be apart, in seconds. A worker that read the time
/// just before a window's end may come to count after others have counted in the next one.
const READ_EARLIER: u32 = 5;

/// What the table says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether every window had room; it was counted then.
    pub(crate) allowed: bool,
    /// What was counted: the cost and the lease.
    pub(crate) taken: u32,
    /// The counts after this request, in the order of the limits.
    pub(crate) counts: [u32; WINDOWS],
    /// The time they are of, in seconds since the epoch: not before the client's last request.
    pub(crate) now: u32,
    /// What happened to make room.
    pub(crate) pressure: Pressure,
    /// Whether the slot has changed.
    pub(crate) changed: bool,
}

/// How full the slot was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// There was a place.
    None,
    /// Another client's counts were forgotten.
    Evicted,
    /// The client shares a count with other newcomers.
    Overflowed,
    /// Nor is there a place to share: newcomers of another limiter hold it.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Entry {
    fingerprint: Fingerprint,
    /// When the last counted request came.
    last: u32,
    /// The end of the last window that has counts.
    expires: u32,
    /// The end of the last window that is used to half or more.
    protected_until: u32,
    /// The largest share of a window in use, in 1/65536, when the last request was counted.
    share: u32,
    counts: [u32; WINDOWS],
}

/// Decides about one request of `client` that counts as `take` says, at `now` (seconds since the epoch),
/// and counts it in `slot` if it is allowed. A slot of the wrong size reads as empty.
pub(crate) fn admit(
    slot: &mut Vec<u8>,
    client: Fingerprint,
    overflow: Fingerprint,
    limits: &[Limit],
    take: &Take,
    now: u32,
) -> Verdict {
    if slot.len() != SLOT_BYTES {
        slot.clear();
        slot.resize(SLOT_BYTES, 0);
    }
    let (place, pressure) = find_place(slot, client, now);
    let owner = if pressure == Pressure::Overflowed { overflow } else { client };
    let old = entry(slot, place);
    if pressure == Pressure::Overflowed && old.fingerprint != owner && old.is_protected(now) {
        let (counts, pressure) = (Entry::default().counts, Pressure::Lost);
        return Verdict { allowed: false, taken: 0, counts, now, pressure, changed: false };
    }
    let old = if old.fingerprint == owner { old } else { shared(slot, overflow, now) };
    // Time goes on for each client: with an earlier reading, the counts of a window that has begun
    // would be lost. A clock that was set back is another thing, see `count`.
    let was_ahead = old.was_ahead(now);
    let now = if was_ahead { now } else { now.max(old.last) };
    let (taken, new) = count(old, owner, limits, take, now);
    let allowed = taken > 0;
    // A refusal is written only to bring an entry back to a clock that was set back, or to give
    // something back.
    let changed = allowed || was_ahead || take.back > 0;
    if changed {
        write(slot, place, &new);
    }
    Verdict { allowed, taken, counts: new.counts, now, pressure, changed }
}

impl Entry {
    /// Whether it was written when the clock was ahead of where it is now.
    fn was_ahead(&self, now: u32) -> bool {
        self.last.saturating_sub(now) > READ_EARLIER
    }

    /// Whether it may not be forgotten. What a clock wrote that was ahead could stay for ever.
    fn is_protected(&self, now: u32) -> bool {
        self.protected_until > now && !self.was_ahead(now)
    }
}

/// Counts a request in an entry, if all windows have room for all of its cost, and says how much;
/// the counts are those of `now` anyway.
fn count(old: Entry, owner: Fingerprint, limits: &[Limit], take: &Take, now: u32) -> (u32, Entry) {
    let mut new = Entry { fingerprint: owner, last: now, ..Entry::default() };
    let mut left = u32::MAX;
    for ((limit, old_count), new_count) in limits.iter().zip(old.counts).zip(&mut new.counts) {
        // A clock that went back keeps its counts: `last` is behind the window's start only when
        // time went on.
        let start = limit.period.at(now).start;
        let current = if old.last >= start { old_count } else { 0 };
        let current = if start <= take.since { current.saturating_sub(take.back) } else { current };
        left = left.min(limit.requests.saturating_sub(current));
        *new_count = current;
    }
    let rest = left.checked_sub(take.cost);
    let taken = rest.map_or(0, |rest| take.cost.saturating_add(take.lease.of(rest)));
    for (limit, count) in limits.iter().zip(&mut new.counts) {
        *count = count.saturating_add(taken);
        let Window { end, .. } = limit.period.at(now);
        new.expires = new.expires.max(end);
        if u64::from(*count) * 2 >= u64::from(limit.requests) {
            new.protected_until = new.protected_until.max(end);
        }
        let share = u64::from(*count) * 65_536 / u64::from(limit.requests.max(1));
        new.share = new.share.max(u32::try_from(share).unwrap_or(u32::MAX));
    }
    (taken, new)
}

/// How many of a slot's entries are alive.
pub(crate) fn live(slot: &[u8], now: u32) -> usize {
    (0..PLACES).filter(|place| entry(slot, *place).expires > now).count()
}

/// Where the client's counts are, or go.
fn find_place(slot: &[u8], client: Fingerprint, now: u32) -> (usize, Pressure) {
    // Only looked at, not read: of a client that is there, the others do not matter.
    let mut fingerprints = slot.as_chunks::<ENTRY_BYTES>().0.iter().take(PLACES);
    if let Some(own) = fingerprints.position(|entry| entry.first_chunk() == Some(&client)) {
        return (own, Pressure::None);
    }
    let entries = || (0..PLACES).map(|place| (place, entry(slot, place)));
    if let Some((place, _)) = entries().find(|(_, entry)| entry.expires <= now) {
        return (place, Pressure::None);
    }
    entries()
        .filter(|(_, entry)| !entry.is_protected(now))
        .min_by_key(|(_, entry)| entry.share)
        .map_or((PLACES, Pressure::Overflowed), |(place, _)| (place, Pressure::Evicted))
}

/// What a newcomer starts with: the counts it may have shared.
fn shared(slot: &[u8], overflow: Fingerprint, now: u32) -> Entry {
    let shared = entry(slot, PLACES);
    let is_its = shared.fingerprint == overflow && !shared.was_ahead(now);
    if is_its { shared } else { Entry::default() }
}

fn entry(slot: &[u8], place: usize) -> Entry {
    let bytes = slot.as_chunks::<ENTRY_BYTES>().0.get(place).unwrap_or(&[0; ENTRY_BYTES]);
    let (fingerprint, numbers) = bytes.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    let mut numbers = numbers.as_chunks::<4>().0.iter().map(|n| u32::from_le_bytes(*n));
    let mut next = || numbers.next().unwrap_or_default();
    Entry {
        fingerprint: *fingerprint,
        last: next(),
        expires: next(),
        protected_until: next(),
        share: next(),
        counts: std::array::from_fn(|_| next()),
    }
}

fn write(slot: &mut [u8], place: usize, entry: &Entry) {
    let bytes = slot.as_chunks_mut::<ENTRY_BYTES>().0.get_mut(place);
    let Some((fingerprint, rest)) = bytes.and_then(|bytes| bytes.split_first_chunk_mut()) else {
        return;
    };
    *fingerprint = entry.fingerprint;
    let numbers = [entry.last, entry.expires, entry.protected_until, entry.share];
    let numbers = numbers.into_iter().chain(entry.counts);
    for (old, new) in rest.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
        *old = new.to_le_bytes();
    }
}

#[cfg(test)]
mod tests;
