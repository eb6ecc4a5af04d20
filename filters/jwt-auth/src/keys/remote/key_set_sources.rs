//! The sources of keys: when a worker fetches, and how it takes over the keys of other workers.

use novasphere_core::{Env, FetchError, FetchResponse, TimerActions};

use super::{
    fetch_failure,
    issuer::Issuer,
    key_cache::KeyCache,
    record::{Record, generation_of},
    source::{FetchStage, KeySetSource},
};
use crate::metrics::Event;

/// All sources, and the reader of their key sets.
#[derive(Debug, Default)]
pub(super) struct KeySetSources<R> {
    pub(super) sources: Vec<KeySetSource>,
    pub(super) reader: R,
}

/// Parses key sets.
pub(super) trait KeySetReader {
    type Key;

    /// The keys of a set of `issuer`, the source with this index, or why the set has no usable key.
    fn read(
        &self,
        source: usize,
        issuer: &Issuer,
        text: &[u8],
        env: &Env<'_>,
    ) -> Result<Vec<Self::Key>, String>;
}

/// Whether other keys may verify a token that the cached keys do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyAvailability {
    /// Newer keys were just loaded. Try again.
    Updated,
    /// A fetch is in progress or due.
    Pending,
    /// The keys will not change soon.
    Unchanged,
}

/// The interval at which a worker reads the shared record, in milliseconds.
const POLL_MS: u32 = 1_000;
/// The interval before the first keys, in milliseconds.
const POLL_WITHOUT_KEYS_MS: u32 = 50;

const NO_SLOT: &str = "no free slot in the shared data";
const LEASE_LOST: &str = "the response came after the lease expired";

impl<R: KeySetReader> KeySetSources<R> {
    /// Loads new keys of all sources and starts due fetches.
    pub(super) fn on_timer(
        &self,
        caches: &mut Vec<KeyCache<R::Key>>,
        env: &Env<'_>,
    ) -> TimerActions {
        caches.resize_with(self.sources.len(), KeyCache::default);
        let mut actions = TimerActions { again_in_ms: Some(POLL_MS), ..TimerActions::default() };
        for (index, (source, cache)) in self.sources.iter().zip(caches.iter_mut()).enumerate() {
            self.load(index, cache, env);
            if env.host.starts_fetches() && cache.take_lease(source, env) {
                let (stage, endpoint) = source.first_stage();
                actions.fetches.push(source.fetch(purpose(index, stage), endpoint));
            }
            // The record changes when any worker begins or ends a fetch.
            actions.wake |= cache.announce();
            if cache.keys().is_none() {
                actions.again_in_ms = Some(POLL_WITHOUT_KEYS_MS);
            }
        }
        actions
    }

    /// Handles the response of a fetch.
    pub(super) fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        caches: &mut [KeyCache<R::Key>],
        env: &Env<'_>,
    ) -> TimerActions {
        let (index, stage) = (purpose / 2, stage(purpose));
        let (Some(source), Some(cache)) = (self.sources.get(index), caches.get_mut(index)) else {
            return TimerActions::default();
        };
        let result = match response {
            Err(error) => Err(error.to_string()),
            Ok(response) if response.status != 200 => Err(fetch_failure::describe(&response)),
            Ok(response) if stage == FetchStage::Discovery => source
                .key_set_endpoint(&response)
                .map(Some)
                .map_err(|reason| format!("the discovery document {reason}")),
            Ok(response) => self.accept(index, &response, cache, env).map(|()| None),
        };
        let mut actions = TimerActions { wake: true, ..TimerActions::default() };
        match result {
            Ok(Some(endpoint)) => {
                let purpose = self::purpose(index, FetchStage::KeySet);
                actions.fetches.push(source.fetch(purpose, endpoint));
            }
            Ok(None) => {}
            Err(reason) => cache.schedule_retry(source, &reason, random(env), env),
        }
        actions
    }

    /// Releases the leases of this worker's fetches, whose responses it will not get. The fetches stay
    /// due, so the next configuration starts them at once.
    pub(super) fn abandon_fetches(&self, caches: &[KeyCache<R::Key>], env: &Env<'_>) {
        for (source, cache) in self.sources.iter().zip(caches) {
            cache.abandon_lease(source, env);
        }
    }

    /// Whether the source `index` may get other keys soon. An unknown `kid` makes a fetch due.
    pub(super) fn availability(
        &self,
        index: usize,
        caches: &mut Vec<KeyCache<R::Key>>,
        env: &Env<'_>,
    ) -> KeyAvailability {
        caches.resize_with(self.sources.len(), KeyCache::default);
        let (Some(source), Some(cache)) = (self.sources.get(index), caches.get_mut(index)) else {
            return KeyAvailability::Unchanged;
        };
        if self.load(index, cache, env) {
            return KeyAvailability::Updated;
        }
        let Some(slot) = cache.slot else {
            let has_keys = cache.keys().is_some();
            return if has_keys { KeyAvailability::Unchanged } else { KeyAvailability::Pending };
        };
        let now = env.clock.now().millis;
        let mut availability = KeyAvailability::Unchanged;
        slot.change(source.id, env.shared_data, |record| {
            let in_progress = KeySetSource::is_leased(record, now) || source.is_due(record, now);
            let may_fetch = source.has_cooled_down(record, now);
            availability = if in_progress || may_fetch {
                KeyAvailability::Pending
            } else {
                KeyAvailability::Unchanged
            };
            let starts_fetch = !in_progress && may_fetch;
            if starts_fetch {
                record.due_at = now;
            }
            starts_fetch
        });
        availability
    }

    /// Loads the keys of sources whose record was not read during a pause of the timer.
    pub(super) fn catch_up(&self, caches: &mut [KeyCache<R::Key>], env: &Env<'_>) {
        let now = env.clock.now().millis;
        for (index, cache) in caches.iter_mut().enumerate() {
            if cache.may_be_outdated(now) {
                self.load(index, cache, env);
            }
        }
    }

    /// Reads the record and the key set that another worker stored. Returns whether the keys in use
    /// have changed.
    fn load(&self, index: usize, cache: &mut KeyCache<R::Key>, env: &Env<'_>) -> bool {
        let before = cache.generation_in_use();
        self.load_newer(index, cache, env);
        cache.keys().is_some() && cache.generation_in_use() != before
    }

    fn load_newer(&self, index: usize, cache: &mut KeyCache<R::Key>, env: &Env<'_>) {
        let Some(source) = self.sources.get(index) else { return };
        let may_be_outdated = cache.may_be_outdated(env.clock.now().millis);
        let Some(Record { generation, .. }) = cache.read_record(source, env) else { return };
        if [0, cache.generation, cache.unusable].contains(&generation) {
            return;
        }
        let text = cache.slot.and_then(|slot| slot.key_set(source.id, generation, env.shared_data));
        let Some(text) = text else {
            // Another worker is writing the set, and the next poll finds it. After a pause, the host
            // may also have lost it: nginx evicts values from a full zone. The set may lack a key of
            // the previous one, which is not used any more.
            if may_be_outdated {
                cache.discard_keys();
            }
            return;
        };
        match self.reader.read(index, &source.issuer, &text, env) {
            Ok(keys) => {
                cache.keys = Some(keys);
                cache.generation = generation;
            }
            Err(reason) => {
                cache.unusable = generation;
                let issuer = source.issuer.text();
                env.host.warn(&format!("the keys of {issuer} cannot be used: {reason}"));
            }
        }
    }

    /// Stores a fetched key set for all workers if it has a usable key.
    fn accept(
        &self,
        index: usize,
        response: &FetchResponse<'_>,
        cache: &mut KeyCache<R::Key>,
        env: &Env<'_>,
    ) -> Result<(), String> {
        let source = self.sources.get(index).ok_or("the source is not configured")?;
        let generation = generation_of(response.body);
        // An unchanged key set is neither parsed nor logged again. It is stored again if the host lost
        // it: nginx evicts values from a full zone. Workers without keys read the shared one.
        let keys = if cache.keys.is_some() && cache.generation == generation {
            None
        } else {
            Some(self.reader.read(index, &source.issuer, response.body, env)?)
        };
        let record = cache.read_record(source, env).ok_or(NO_SLOT)?;
        let slot = cache.slot.ok_or(NO_SLOT)?;
        if record.leased_until != cache.lease {
            return Err(LEASE_LOST.to_owned());
        }
        if slot.key_set(source.id, generation, env.shared_data).is_none() {
            slot.store_key_set(source.id, response.body, env.shared_data)
                .map_err(|error| error.to_string())?;
        }
        if let Some(keys) = keys {
            cache.keys = Some(keys);
            cache.generation = generation;
        }
        let lifetime_ms = source.lifetime_ms(response, random(env));
        if !cache.schedule_refresh(source, generation, lifetime_ms, env) {
            return Err(LEASE_LOST.to_owned());
        }
        env.metrics.count(Event::KeysFetched.name());
        Ok(())
    }
}

fn random(env: &Env<'_>) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = env.random.bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn purpose(index: usize, stage: FetchStage) -> usize {
    index * 2 + usize::from(stage == FetchStage::KeySet)
}

fn stage(purpose: usize) -> FetchStage {
    if purpose.is_multiple_of(2) { FetchStage::Discovery } else { FetchStage::KeySet }
}
