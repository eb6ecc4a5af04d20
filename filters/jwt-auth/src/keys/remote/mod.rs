//! Keys that are fetched (RFC 7517 key sets), directly or by OpenID Connect discovery.
//!
//! One worker of a proxy fetches, all use what it got:
//!
//! 1. A worker whose timer finds that a fetch is due takes the lease of the shared record. Who
//!    loses that race leaves it to the winner; a lease ends by itself should its worker die.
//! 2. A key set that arrives whole and has a usable key is stored for all, and the next fetch is
//!    due when it gets old. One that is the same as before changes nothing.
//! 3. When a fetch fails, the last good keys go on, and the next try comes after a pause that
//!    grows. The operator is told in the log.
//! 4. A token with an unknown `kid` makes a fetch due at once, but not within the cooldown after
//!    the last: an attacker with random `kid`s causes no storm.
//! 5. While a fetch that matters to a request is under way, the request waits.

pub(crate) mod issuers;
mod record;
mod source;
#[cfg(test)]
mod tests;

use novasphere_core::{Env, FetchError, FetchResponse, TimerActions};

use self::record::{Generation, Record, Slot, generation_of};
use self::source::FetchStage;
pub(crate) use self::{record::Identity, source::Source};

/// All sources, and how their key sets are read.
#[derive(Debug)]
pub(crate) struct Sources<R> {
    pub(crate) sources: Vec<Source>,
    pub(crate) reader: R,
}

/// Reads key sets.
pub(crate) trait Reader {
    /// A key.
    type Key;

    /// The keys of a set of the source with that index; the error says why none can be used.
    fn read(&self, source: usize, text: &[u8], env: &Env<'_>) -> Result<Vec<Self::Key>, String>;
}

/// What one worker knows of one source.
pub(crate) struct Known<K> {
    slot: Option<Slot>,
    /// The record as it was when last looked at.
    seen: Option<Record>,
    /// The key set in use.
    pub(crate) generation: Generation,
    /// One that cannot be used: read, and told of, once.
    useless: Generation,
    /// Until when this worker took the fetch upon itself: whoever comes later is not to be undone.
    lease: u64,
    /// `None` before the first key set.
    pub(crate) keys: Option<Vec<K>>,
}

impl<K> Default for Known<K> {
    fn default() -> Self {
        Self { slot: None, seen: None, generation: 0, useless: 0, lease: 0, keys: None }
    }
}

/// What there is to hope for when the keys at hand do not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prospect {
    /// Newer keys have just been loaded: look again.
    Newer,
    /// A fetch is under way or about to be.
    Coming,
    /// Nothing will change soon.
    None,
}

/// Events.
pub(crate) const KEYS_FETCHED: &str = "keys_fetched";
pub(crate) const KEY_FETCH_FAILED: &str = "key_fetch_failed";

/// How often a worker looks at the shared record, in milliseconds.
const LOOK_MS: u32 = 1_000;
/// The same before there are keys.
const LOOK_SOON_MS: u32 = 50;

impl<R: Reader> Sources<R> {
    /// Looks after all sources.
    pub(crate) fn on_timer(&self, known: &mut Vec<Known<R::Key>>, env: &Env<'_>) -> TimerActions {
        known.resize_with(self.sources.len(), Known::default);
        let mut duty = TimerActions { again_in_ms: Some(LOOK_MS), ..TimerActions::default() };
        for (index, (source, known)) in self.sources.iter().zip(known.iter_mut()).enumerate() {
            let before = known.seen;
            self.load(index, known, env);
            if lease(source, known, env) {
                let (stage, endpoint) = source.first_stage();
                duty.fetches.push(source.fetch(purpose(index, stage), endpoint));
            }
            // A fetch began or ended, here or in another worker.
            duty.wake |= known.seen != before;
            if known.keys.is_none() {
                duty.again_in_ms = Some(LOOK_SOON_MS);
            }
        }
        duty
    }

    /// A fetch ended.
    pub(crate) fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        known: &mut [Known<R::Key>],
        env: &Env<'_>,
    ) -> TimerActions {
        let (index, stage) = (purpose / 2, stage(purpose));
        let (Some(source), Some(known)) = (self.sources.get(index), known.get_mut(index)) else {
            return TimerActions::default();
        };
        let result = match response {
            Err(error) => Err(error.to_string()),
            Ok(response) if response.status != 200 => Err(format!("status {}", response.status)),
            Ok(response) if stage == FetchStage::Discovery => source
                .key_set_endpoint(&response)
                .map(Some)
                .map_err(|why| format!("the answer {why}")),
            Ok(response) => self.accept(index, &response, known, env).map(|()| None),
        };
        let mut duty = TimerActions { wake: true, ..TimerActions::default() };
        match result {
            Ok(Some(endpoint)) => {
                duty.fetches.push(source.fetch(self::purpose(index, FetchStage::KeySet), endpoint));
            }
            Ok(None) => {}
            Err(why) => failed(source, known, &why, env),
        }
        duty
    }

    /// What to expect for a request that the keys of source `index` do not answer.
    pub(crate) fn prospect(
        &self,
        index: usize,
        known: &mut Vec<Known<R::Key>>,
        env: &Env<'_>,
    ) -> Prospect {
        known.resize_with(self.sources.len(), Known::default);
        let (Some(source), Some(known)) = (self.sources.get(index), known.get_mut(index)) else {
            return Prospect::None;
        };
        if self.load(index, known, env) {
            return Prospect::Newer;
        }
        let Some(slot) = known.slot else {
            return if known.keys.is_some() { Prospect::None } else { Prospect::Coming };
        };
        let now = env.clock.now().millis;
        let mut prospect = Prospect::None;
        slot.change(source.identity, env.shared_data, |record| {
            let under_way = source.is_leased(record, now) || source.is_due(record, now);
            let may_ask = source.has_cooled_down(record, now);
            prospect = if under_way || may_ask { Prospect::Coming } else { Prospect::None };
            if !under_way && may_ask {
                record.due_at = now;
            }
            !under_way && may_ask
        });
        prospect
    }

    /// Takes over the key set another worker stored; whether there was a newer one.
    fn load(&self, index: usize, known: &mut Known<R::Key>, env: &Env<'_>) -> bool {
        let Some(source) = self.sources.get(index) else { return false };
        let Some(Record { generation, .. }) = record_of(source, known, env) else { return false };
        if [0, known.generation, known.useless].contains(&generation) {
            return false;
        }
        let text = known.slot.and_then(|s| s.key_set(source.identity, generation, env.shared_data));
        // Being written just now: look again.
        let Some(text) = text else { return false };
        match self.reader.read(index, &text, env) {
            Ok(keys) => {
                known.keys = Some(keys);
                known.generation = generation;
                true
            }
            Err(why) => {
                known.useless = generation;
                env.host.warn(&format!("the keys of {} cannot be used: {why}", source.issuer));
                false
            }
        }
    }

    /// Stores a key set for all workers, if there is a usable key in it.
    fn accept(
        &self,
        index: usize,
        response: &FetchResponse<'_>,
        known: &mut Known<R::Key>,
        env: &Env<'_>,
    ) -> Result<(), String> {
        let source = self.sources.get(index).ok_or("no source")?;
        let generation = generation_of(response.body);
        // What is in use already need not be read again, nor complained of.
        if known.keys.is_none() || known.generation != generation {
            let keys = self.reader.read(index, response.body, env)?;
            let record = record_of(source, known, env).ok_or("no place in the shared data")?;
            if record.leased_until != known.lease {
                return Err("it came too late".to_owned());
            }
            let slot = known.slot.ok_or("no place in the shared data")?;
            slot.store_key_set(source.identity, response.body, env.shared_data)
                .map_err(|e| e.to_string())?;
            known.keys = Some(keys);
            known.generation = generation;
        }
        let due_at =
            env.clock.now().millis.saturating_add(source.good_for_ms(response, random(env)));
        let slot = known.slot.ok_or("no place in the shared data")?;
        let is_ours = slot.change(source.identity, env.shared_data, |record| {
            let in_time = record.leased_until == known.lease;
            if in_time {
                *record = Record { generation, failures: 0, due_at, leased_until: 0, ..*record };
            }
            in_time
        });
        if !is_ours {
            return Err("it came too late".to_owned());
        }
        env.metrics.count(KEYS_FETCHED);
        Ok(())
    }
}

/// The shared record, in the source's place.
fn record_of<K>(source: &Source, known: &mut Known<K>, env: &Env<'_>) -> Option<Record> {
    if known.slot.is_none() {
        let now = env.clock.now().millis;
        known.slot = Slot::of(source.identity, now, env.shared_data).ok();
    }
    known.seen = known.slot?.record(source.identity, env.shared_data);
    if known.seen.is_none() {
        // Another source has taken the place over: look for a new one next time.
        known.slot = None;
    }
    known.seen
}

/// Takes the fetch upon this worker, if one is due and no other has.
fn lease<K>(source: &Source, known: &mut Known<K>, env: &Env<'_>) -> bool {
    let now = env.clock.now().millis;
    let is_free = |record: &Record| source.is_due(record, now) && !source.is_leased(record, now);
    let Some(slot) = known.seen.filter(is_free).and(known.slot) else { return false };
    let lease = now.saturating_add(source.lease_ms());
    let taken = slot.change(source.identity, env.shared_data, |record| {
        let free = is_free(record);
        if free {
            record.leased_until = lease;
            record.fetched_at = now;
        }
        free
    });
    if taken {
        known.lease = lease;
    }
    taken
}

fn failed<K>(source: &Source, known: &Known<K>, why: &str, env: &Env<'_>) {
    let (now, random) = (env.clock.now().millis, random(env));
    if let Some(slot) = known.slot {
        slot.change(source.identity, env.shared_data, |record| {
            let in_time = record.leased_until == known.lease;
            if in_time {
                record.failures = record.failures.saturating_add(1);
                record.leased_until = 0;
                record.due_at = now.saturating_add(source.retry_in_ms(record.failures, random));
            }
            in_time
        });
    }
    env.metrics.count(KEY_FETCH_FAILED);
    let old = if known.keys.is_some() { "; the last good keys go on" } else { "" };
    let Source { issuer, upstream, .. } = source;
    let why: String = why.chars().take(300).collect(); // may quote what somebody else wrote
    env.host
        .warn(&format!("the keys of {issuer} from {upstream} could not be fetched: {why}{old}"));
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
