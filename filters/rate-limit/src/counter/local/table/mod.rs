//! The shared table of counters: exact for every client in it, and bounded in size.
//!
//! The table has a fixed number of slots. Each slot is one value of the shared data, with
//! [`ENTRIES`] entries and an overflow entry. An entry belongs to one client of one limiter. It has
//! the client's 128-bit keyed fingerprint, so two clients never share counts, by accident or by
//! design. It has all windows of the client, so one compare-and-swap counts in all of them. Each
//! entry contains its own expiry, so limiters with different windows can share the table.
//!
//! If all entries of a slot are live, the entry with the lowest used share is evicted, but never one
//! that has used half or more of any window. If all have, the new clients of a limiter share the
//! overflow entry. While it is in use, no other limiter gets it: limiters that took it from each
//! other would limit no client. A client that gets its own entry later starts with the shared counts,
//! because they may all be its own.
//!
//! A lease is counted when a worker takes it. It never takes the counts above half of a window, and
//! only comes from a client's own entry.

use crate::{
    counter::{charge::Charge, fingerprint::Fingerprint},
    window::{Limit, MAX_WINDOWS, Window},
};

/// Entries of a slot, without the overflow entry.
pub(crate) const ENTRIES: usize = 8;

/// The index of the overflow entry.
const OVERFLOW: usize = ENTRIES;

/// 16 bytes of fingerprint, then `last`, `expires`, `protected_until`, `share` and the counts, each
/// 32 bits, little-endian.
const ENTRY_BYTES: usize = 16 + 4 * (4 + MAX_WINDOWS);

/// The size of a slot. Fixed, because one host crashes if a value grows while its store is full.
pub(crate) const SLOT_BYTES: usize = ENTRY_BYTES * (ENTRIES + 1);

/// The time after its last request for which an overflow entry stays with its limiter, in seconds.
const OVERFLOW_HOLD: u32 = 60;
/// How far behind a worker's reading of the clock may be, in seconds. A worker can read the time just
/// before the end of a window, and count after other workers have counted in the next window.
const MAX_CLOCK_LAG: u32 = 5;

/// The result of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// The cost and the lease. 0 if a window had no room for the cost.
    pub(crate) taken: u32,
    /// The counts afterwards, in the order of the limits.
    pub(crate) counts: [u32; MAX_WINDOWS],
    /// The time of the counts, in seconds since the epoch. Not before the client's last request.
    pub(crate) now: u32,
    pub(crate) pressure: Pressure,
    /// Whether the slot changed.
    pub(crate) changed: bool,
}

/// The pressure on the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// The client had an entry, or an entry was free.
    None,
    /// The entry of another client was evicted.
    Evicted,
    /// The client shares the overflow entry.
    Overflowed,
    /// Another limiter uses the overflow entry.
    NoEntry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Entry {
    fingerprint: Fingerprint,
    /// The time of the last counted request.
    last: u32,
    /// The end of the last window with counts.
    expires: u32,
    /// The end of the last window of which half or more is used.
    protected_until: u32,
    /// The largest used share of a window at the last counted request, in 1/65536.
    share: u32,
    counts: [u32; MAX_WINDOWS],
}

/// Charges `client` in `slot` at `now` (seconds since the epoch), if all windows have room for the
/// cost. A slot of the wrong size counts as empty.
pub(crate) fn admit(
    slot: &mut Vec<u8>,
    client: Fingerprint,
    overflow: Fingerprint,
    limits: &[Limit],
    charge: &Charge,
    now: u32,
) -> Admission {
    if slot.len() != SLOT_BYTES {
        slot.clear();
        slot.resize(SLOT_BYTES, 0);
    }
    let (index, pressure) = find_entry(slot, client, now);
    let is_own = pressure != Pressure::Overflowed;
    let owner = if is_own { client } else { overflow };
    // Other clients must not gain from a lease that was taken from another entry.
    let charge = if is_own { *charge } else { Charge::without_lease(charge.cost) };
    let old = entry(slot, index);
    if !is_own && old.fingerprint != owner && old.is_in_use(now) {
        let (counts, pressure) = (Entry::default().counts, Pressure::NoEntry);
        return Admission { taken: 0, counts, now, pressure, changed: false };
    }
    let old = if old.fingerprint == owner { old } else { overflow_entry(slot, overflow, now) };
    let was_ahead = old.was_ahead(now);
    let now = old.time(now);
    let (taken, new) = count(old, owner, limits, &charge, now);
    // A refusal is written only to reset the entry to a clock that was set back, or to return a
    // lease.
    let changed = taken > 0 || was_ahead || charge.returned > 0;
    if changed {
        write(slot, index, &new);
    }
    Admission { taken, counts: new.counts, now, pressure, changed }
}

/// Sets the counts of `client`, for tools that assume them. `used` has the count of each window, or
/// `None` to keep it.
pub(crate) fn assume(
    slot: &mut Vec<u8>,
    client: Fingerprint,
    limits: &[Limit],
    used: &[Option<u32>],
    now: u32,
) {
    if slot.len() != SLOT_BYTES {
        slot.clear();
        slot.resize(SLOT_BYTES, 0);
    }
    let (index, _) = find_entry(slot, client, now);
    let own = Some(entry(slot, index)).filter(|entry| entry.fingerprint == client);
    let mut old = own.unwrap_or_default();
    for (count, used) in old.counts.iter_mut().zip(used) {
        *count = used.unwrap_or(*count);
    }
    let (_, new) = count(Entry { last: now, ..old }, client, limits, &Charge::of_rest(0, 0), now);
    write(slot, index, &new);
}

/// Gives the unused part of a lease back to the entry of `client`, if it still has one. Returns
/// whether the slot changed.
pub(crate) fn give_back(
    slot: &mut [u8],
    client: Fingerprint,
    limits: &[Limit],
    rest: &Charge,
    now: u32,
) -> bool {
    let own = own_entry(slot, client).filter(|_| slot.len() == SLOT_BYTES);
    let Some(index) = own else { return false };
    let old = entry(slot, index);
    let now = old.time(now);
    // After the end of all windows, a new entry would live on without a request.
    let is_current = |limit: &Limit| limit.period.window(now).start <= rest.leased_at;
    if !limits.iter().any(is_current) {
        return false;
    }
    let (_, new) = count(old, client, limits, rest, now);
    write(slot, index, &new);
    true
}

impl Entry {
    /// The time of a request that reads `now` from the clock. Time never goes back for a client: an
    /// earlier reading would drop the counts of a window that has begun. A clock that was set back is
    /// handled in `count`.
    fn time(&self, now: u32) -> u32 {
        if self.was_ahead(now) { now } else { now.max(self.last) }
    }

    /// Whether the clock was set back after the entry was written.
    fn was_ahead(&self, now: u32) -> bool {
        self.last.saturating_sub(now) > MAX_CLOCK_LAG
    }

    /// Whether another limiter must not take this overflow entry: it is protected, or counted a
    /// request in the last minute. A window of a year must not keep it for a single request.
    fn is_in_use(&self, now: u32) -> bool {
        let is_recent = now < self.expires.min(self.last.saturating_add(OVERFLOW_HOLD));
        self.is_protected(now) || is_recent && !self.was_ahead(now)
    }

    /// Whether the entry must not be evicted. An entry from a clock that was ahead has no protection,
    /// which could last forever.
    fn is_protected(&self, now: u32) -> bool {
        self.protected_until > now && !self.was_ahead(now)
    }
}

/// The counts of an entry at `now` after the charge, and the amount taken. All windows must have room
/// for the whole cost.
fn count(
    old: Entry,
    owner: Fingerprint,
    limits: &[Limit],
    charge: &Charge,
    now: u32,
) -> (u32, Entry) {
    let mut new = Entry { fingerprint: owner, last: now, ..Entry::default() };
    // `spare` is the part of it above the half of every window.
    let (mut remaining, mut spare) = (u32::MAX, u32::MAX);
    for ((limit, old_count), new_count) in limits.iter().zip(old.counts).zip(&mut new.counts) {
        // `last` is before the start of the window only if time went on. So a clock that was set back
        // keeps its counts.
        let start = limit.period.window(now).start;
        let current = if old.last >= start { old_count } else { 0 };
        let returned = if start <= charge.leased_at { charge.returned } else { 0 };
        *new_count = current.saturating_sub(returned);
        remaining = remaining.min(limit.requests.saturating_sub(*new_count));
        spare = spare.min((limit.requests / 2).saturating_sub(*new_count));
    }
    let spare = spare.saturating_sub(charge.cost);
    let lease = |rest| charge.lease_of(rest).min(spare);
    let rest = remaining.checked_sub(charge.cost);
    let taken = rest.map_or(0, |rest| charge.cost.saturating_add(lease(rest)));
    for (limit, count) in limits.iter().zip(&mut new.counts) {
        *count = count.saturating_add(taken);
        let Window { end, .. } = limit.period.window(now);
        new.expires = new.expires.max(end);
        if u64::from(*count) * 2 >= u64::from(limit.requests) {
            new.protected_until = new.protected_until.max(end);
        }
        let share = u64::from(*count) * 65_536 / u64::from(limit.requests.max(1));
        new.share = new.share.max(u32::try_from(share).unwrap_or(u32::MAX));
    }
    (taken, new)
}

/// The number of live entries of a slot.
pub(crate) fn live_entries(slot: &[u8], now: u32) -> usize {
    (0..ENTRIES).filter(|index| entry(slot, *index).expires > now).count()
}

/// The index of the client's entry, or of the entry to use for it.
fn find_entry(slot: &[u8], client: Fingerprint, now: u32) -> (usize, Pressure) {
    if let Some(own) = own_entry(slot, client) {
        return (own, Pressure::None);
    }
    let entries = || (0..ENTRIES).map(|index| (index, entry(slot, index)));
    if let Some((index, _)) = entries().find(|(_, entry)| entry.expires <= now) {
        return (index, Pressure::None);
    }
    entries()
        .filter(|(_, entry)| !entry.is_protected(now))
        .min_by_key(|(_, entry)| entry.share)
        .map_or((OVERFLOW, Pressure::Overflowed), |(index, _)| (index, Pressure::Evicted))
}

/// The index of the client's own entry. Compares bytes without decoding entries.
fn own_entry(slot: &[u8], client: Fingerprint) -> Option<usize> {
    let mut fingerprints = slot.as_chunks::<ENTRY_BYTES>().0.iter().take(ENTRIES);
    fingerprints.position(|entry| entry.first_chunk() == Some(&client))
}

/// The counts that a new client may have shared. A new entry starts with them.
fn overflow_entry(slot: &[u8], overflow: Fingerprint, now: u32) -> Entry {
    let entry = entry(slot, OVERFLOW);
    let is_current = entry.fingerprint == overflow && !entry.was_ahead(now);
    if is_current { entry } else { Entry::default() }
}

fn entry(slot: &[u8], index: usize) -> Entry {
    let bytes = slot.as_chunks::<ENTRY_BYTES>().0.get(index).unwrap_or(&[0; ENTRY_BYTES]);
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

fn write(slot: &mut [u8], index: usize, entry: &Entry) {
    let bytes = slot.as_chunks_mut::<ENTRY_BYTES>().0.get_mut(index);
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
