//! A worker's copy of the keys of a source.

use novasphere_core::Env;

use super::{
    record::{ABANDONED_DAYS, Generation, Record, SLOTS, Slot},
    source::KeySetSource,
};
use crate::metrics::Event;

/// A worker's copy of the keys of a source, and its view of the shared record.
pub(crate) struct KeyCache<K> {
    pub(super) slot: Option<Slot>,
    /// The time of the last search if it found no slot.
    no_slot_at: Option<u64>,
    /// The time of the last read of the record.
    read_at: Option<u64>,
    /// The record at the last read.
    pub(super) record: Option<Record>,
    /// The record for which the timer last woke the waiting requests. A request may read a newer
    /// record, but wakes no others.
    announced: Option<Record>,
    /// The key set in use. 0 before the first one.
    pub(crate) generation: Generation,
    /// A key set without a usable key, so that it is parsed and logged once.
    pub(super) unusable: Generation,
    /// The end of the lease that this worker took. A later lease of another worker differs, so that
    /// a late response does not overwrite its result.
    pub(super) lease: u64,
    /// `None` before the first key set.
    pub(super) keys: Option<Vec<K>>,
    /// Whether the keys expired during a pause and are not used until the next fetch ends.
    awaits_fetch: bool,
}

/// A worker that has not read the record for longer than this was paused: its timer reads the record
/// every second.
const PAUSE_MS: u64 = 2_000;

impl<K> Default for KeyCache<K> {
    fn default() -> Self {
        Self {
            slot: None,
            no_slot_at: None,
            read_at: None,
            record: None,
            announced: None,
            generation: 0,
            unusable: 0,
            lease: 0,
            keys: None,
            awaits_fetch: false,
        }
    }
}

impl<K> KeyCache<K> {
    /// The keys in use. `None` before the first key set, and while expired keys await a fetch.
    pub(super) fn keys(&self) -> Option<&[K]> {
        self.keys.as_deref().filter(|_| !self.awaits_fetch)
    }

    /// The generation of the keys in use. 0 if there are none.
    pub(crate) fn generation_in_use(&self) -> Generation {
        if self.awaits_fetch { 0 } else { self.generation }
    }

    /// Forgets the keys. The worker continues as before its first key set.
    pub(super) fn discard_keys(&mut self) {
        self.keys = None;
        self.generation = 0;
    }

    /// Whether the worker has keys and was paused at `now`, in milliseconds.
    pub(crate) fn may_be_outdated(&self, now: u64) -> bool {
        self.keys.is_some() && self.was_paused(now)
    }

    fn was_paused(&self, now: u64) -> bool {
        self.read_at.is_none_or(|at| at.abs_diff(now) > PAUSE_MS)
    }

    /// Reads the shared record. After a pause, keys that no worker kept fresh are not used until a
    /// fetch ends. The same applies if the host lost the record, as nginx evicts values from a full
    /// zone, even if another worker has created a new one since.
    pub(super) fn read_record(&mut self, source: &KeySetSource, env: &Env<'_>) -> Option<Record> {
        let now = env.clock.now().millis;
        let was_paused = self.was_paused(now);
        self.read_at = Some(now);
        if self.slot.is_none() {
            self.find_slot(source, env);
        }
        self.record = self.slot.and_then(|slot| slot.record(source.id, env.shared_data));
        self.awaits_fetch = match &self.record {
            Some(record) if source.is_first_try_due(record, now) => {
                let is_lost = self.generation != 0 && record.generation == 0;
                self.awaits_fetch || (was_paused && (is_lost || source.is_overdue(record, now)))
            }
            Some(_) => false,
            None => self.awaits_fetch || was_paused,
        };
        if self.record.is_none() {
            // Another source took the slot. The next read finds a new one.
            self.slot = None;
        }
        self.record
    }

    /// Finds a slot. If there is none, logs it once and pauses the search, which reads all slots.
    fn find_slot(&mut self, source: &KeySetSource, env: &Env<'_>) {
        const PAUSE_MS: u64 = 10_000;
        let now = env.clock.now().millis;
        let elapsed = self.no_slot_at.and_then(|at| now.checked_sub(at));
        if elapsed.is_some_and(|elapsed| elapsed < PAUSE_MS) {
            return;
        }
        // After an error of the host, the next read tries again.
        let Ok(slot) = Slot::of(source.id, now, env.shared_data) else { return };
        if slot.is_none() && self.no_slot_at.is_none() {
            let issuer = source.issuer.text();
            env.host.warn(&format!(
                "the keys of {issuer} are not fetched: all {SLOTS} slots for key sets in the shared \
                 data are taken; use fewer issuers with fetched keys, or restart the proxy if their \
                 configurations changed in the last {ABANDONED_DAYS} days"
            ));
        }
        self.no_slot_at = if slot.is_none() { Some(now) } else { None };
        self.slot = slot;
    }

    /// Whether the record changed since the last call. For the timer, which then wakes the waiting
    /// requests.
    pub(super) fn announce(&mut self) -> bool {
        let is_news = self.record != self.announced;
        self.announced = self.record;
        is_news
    }

    /// Takes the lease if a fetch is due and no worker holds the lease.
    pub(super) fn take_lease(&mut self, source: &KeySetSource, env: &Env<'_>) -> bool {
        let now = env.clock.now().millis;
        let is_free =
            |record: &Record| source.is_due(record, now) && !KeySetSource::is_leased(record, now);
        let Some(slot) = self.record.filter(is_free).and(self.slot) else { return false };
        let lease = now.saturating_add(source.lease_ms());
        let taken = slot.change(source.id, env.shared_data, |record| {
            let free = is_free(record);
            if free {
                record.leased_until = lease;
                record.fetched_at = now;
            }
            free
        });
        if taken {
            self.lease = lease;
        }
        taken
    }

    /// Schedules the next fetch after a success. Returns false if this worker lost the lease.
    pub(super) fn schedule_refresh(
        &self,
        source: &KeySetSource,
        generation: Generation,
        lifetime_ms: u64,
        env: &Env<'_>,
    ) -> bool {
        let due_at = env.clock.now().millis.saturating_add(lifetime_ms);
        self.release_lease(source, env, |record| {
            *record = Record { generation, failures: 0, due_at, leased_until: 0, ..*record };
        })
    }

    /// Schedules the next try after a failure and logs the reason.
    pub(super) fn schedule_retry(
        &self,
        source: &KeySetSource,
        reason: &str,
        random: u64,
        env: &Env<'_>,
    ) {
        let now = env.clock.now().millis;
        self.release_lease(source, env, |record| {
            record.failures = record.failures.saturating_add(1);
            record.leased_until = 0;
            record.due_at = now.saturating_add(source.retry_in_ms(record.failures, random));
        });
        env.metrics.count(Event::KeyFetchFailed.name());
        let in_use = if self.keys.is_some() { "; the last good keys stay in use" } else { "" };
        let (issuer, upstream) = (source.issuer.text(), &source.upstream);
        let reason: String = reason.chars().take(300).collect(); // may quote the response
        env.host.warn(&format!(
            "the keys of {issuer} from {upstream} could not be fetched: {reason}{in_use}"
        ));
    }

    /// Releases the lease without a result. Nothing failed, so nothing is counted or logged.
    pub(super) fn abandon_lease(&self, source: &KeySetSource, env: &Env<'_>) {
        if self.lease != 0 {
            self.release_lease(source, env, |record| record.leased_until = 0);
        }
    }

    /// Changes the record if this worker still holds the lease.
    fn release_lease(
        &self,
        source: &KeySetSource,
        env: &Env<'_>,
        mut change: impl FnMut(&mut Record),
    ) -> bool {
        let Some(slot) = self.slot else { return false };
        slot.change(source.id, env.shared_data, |record| {
            let is_holder = record.leased_until == self.lease;
            if is_holder {
                change(record);
            }
            is_holder
        })
    }
}
