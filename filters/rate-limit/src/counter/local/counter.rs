//! [`LocalCounter`] counts in the shared table.

use novasphere_core::{Change, Env};

use super::{
    limits::{Keys, LocalLimits},
    slots::{Slots, key, seed},
    table::{self, Admission, Pressure},
};
use crate::{
    counter::{
        charge::{Charge, Grant},
        count::{Count, CountRequest, Counted, Counter, Failed},
        fingerprint::Fingerprint,
    },
    metrics::Event,
    window::{Counts, Limit, seconds},
};

/// The number of slots in a sample. 64 slots have 512 entries, which estimates the share in use
/// within about 2%.
const SAMPLE: u32 = 64;

/// Counts in the table that all workers of this proxy share.
#[derive(Debug)]
pub(crate) struct LocalCounter {
    slots: Slots,
    /// The limits of each limiter.
    limits: Vec<LocalLimits>,
    /// Whether requests pass that cannot be counted.
    fault_tolerant: bool,
}

/// The memory of one worker.
#[derive(Default)]
pub(crate) struct LocalState {
    /// The keys of each limiter. Empty until the first request.
    keys: Vec<Keys>,
}

/// A client of one limiter in the table.
pub(in crate::counter) struct TableClient<'f> {
    limits: &'f LocalLimits,
    pub(in crate::counter) fingerprint: Fingerprint,
    overflow: Fingerprint,
}

impl TableClient<'_> {
    pub(in crate::counter) fn limits(&self) -> &[Limit] {
        &self.limits.limits
    }

    /// The result of a charge of `cost`.
    pub(in crate::counter) fn counted(&self, cost: u32, grant: &Grant) -> Counted {
        let counts = self.limits.shown(grant.used(cost));
        let refused = (grant.taken == 0).then_some(self.fingerprint);
        Counted { counts, fallback: false, refused }
    }
}

impl Counter for LocalCounter {
    type State = LocalState;

    fn count<'f>(
        &'f self,
        request: CountRequest,
        state: &mut LocalState,
        env: &Env<'_>,
    ) -> Count<'f> {
        self.count_without_lease(&request, state, env)
    }
}

impl LocalCounter {
    /// `limits` has one item per limiter.
    pub(crate) fn new(slots: Slots, limits: Vec<LocalLimits>, fault_tolerant: bool) -> Self {
        Self { slots, limits, fault_tolerant }
    }

    pub(in crate::counter) fn count_without_lease(
        &self,
        request: &CountRequest,
        state: &mut LocalState,
        env: &Env<'_>,
    ) -> Count<'_> {
        let counted = self.client(request, state, env).and_then(|client| {
            let grant = self.charge(&client, &Charge::without_lease(request.cost), env)?;
            Some(client.counted(request.cost, &grant))
        });
        counted.map_or_else(|| self.failed(), Count::Done)
    }

    pub(crate) fn slots(&self) -> Slots {
        self.slots
    }

    /// The request's client. `None` if the shared data fails.
    pub(in crate::counter) fn client(
        &self,
        request: &CountRequest,
        state: &mut LocalState,
        env: &Env<'_>,
    ) -> Option<TableClient<'_>> {
        if state.keys.is_empty() {
            let seed = seed(env).ok()?;
            state.keys = self.limits.iter().map(|limits| limits.keys(&seed)).collect();
        }
        let (limits, keys) =
            self.limits.get(request.limiter).zip(state.keys.get(request.limiter))?;
        let fingerprint = keys.client(request.client.as_bytes());
        Some(TableClient { limits, fingerprint, overflow: keys.overflow })
    }

    /// Charges a client. `None` if the shared data fails, or if the table has no entry for it.
    pub(in crate::counter) fn charge(
        &self,
        client: &TableClient<'_>,
        charge: &Charge,
        env: &Env<'_>,
    ) -> Option<Grant> {
        let now = env.clock.now().millis;
        let TableClient { fingerprint, overflow, .. } = *client;
        let admission = self.update(&fingerprint, env, |slot| {
            table::admit(slot, fingerprint, overflow, client.limits(), charge, seconds(now))
        })?;
        let Admission { taken, counts, now: second, .. } = admission;
        // Not before the client's last request.
        let at = now.max(u64::from(second) * 1_000);
        Some(Grant { taken, counts: Counts { counts, at } })
    }

    /// Sets the counts of a client. See [`CounterKind::assume`](crate::counter::CounterKind).
    pub(in crate::counter) fn assume(
        &self,
        request: &CountRequest,
        used: &[Option<u32>],
        state: &mut LocalState,
        env: &Env<'_>,
    ) {
        let Some(client) = self.client(request, state, env) else { return };
        let (fingerprint, now) = (client.fingerprint, seconds(env.clock.now().millis));
        let _ = env.shared_data.update(&key(self.slot(&fingerprint)), |slot| {
            table::assume(slot, fingerprint, client.limits(), used, now);
            (Change::Write, ())
        });
    }

    /// Returns the unused part of a lease. If that fails, it stays counted until its windows end.
    pub(in crate::counter) fn give_back(
        &self,
        limiter: usize,
        client: &Fingerprint,
        rest: &Charge,
        env: &Env<'_>,
    ) {
        let Some(LocalLimits { limits, .. }) = self.limits.get(limiter) else { return };
        let now = seconds(env.clock.now().millis);
        let _ = env.shared_data.update(&key(self.slot(client)), |value| {
            let changed = table::give_back(value, *client, limits, rest, now);
            (if changed { Change::Write } else { Change::Keep }, ())
        });
    }

    /// The index of the client's slot.
    fn slot(&self, client: &Fingerprint) -> u32 {
        let [a, b, c, d, ..] = *client;
        self.slots.index(u32::from_le_bytes([a, b, c, d]))
    }

    /// The result if a request cannot be counted.
    pub(in crate::counter) fn failed(&self) -> Count<'_> {
        Count::Failed(if self.fault_tolerant { Failed::Allow } else { Failed::SharedData })
    }

    fn update(
        &self,
        client: &Fingerprint,
        env: &Env<'_>,
        mut admit: impl FnMut(&mut Vec<u8>) -> Admission,
    ) -> Option<Admission> {
        let slot = self.slot(client);
        let mut tries = 0_u32;
        let update = env.shared_data.update(&key(slot), |value| {
            let admission = admit(value);
            tries = tries.saturating_add(1);
            (if admission.changed { Change::Write } else { Change::Keep }, admission)
        });
        let admission = update.ok()?;
        if tries > 1 {
            env.metrics.add(Event::Raced.name(), tries - 1);
        }
        match admission.pressure {
            Pressure::None => {}
            Pressure::Evicted => env.metrics.count(Event::Evicted.name()),
            Pressure::Overflowed => env.metrics.count(Event::Overflowed.name()),
            Pressure::NoEntry => {
                env.metrics.count(Event::Overflowed.name());
                return None;
            }
        }
        Some(admission)
    }

    /// Estimates the number of clients in the table from a sample of slots at equal distances.
    /// `None` if the shared data fails.
    pub(crate) fn estimate_clients(&self, env: &Env<'_>) -> Option<u32> {
        let [a, b, c, d, ..] = env.random.bytes();
        let start = u32::from_le_bytes([a, b, c, d]);
        let now = seconds(env.clock.now().millis);
        let slots = self.slots.count();
        let sample = SAMPLE.min(slots);
        let mut live = 0;
        for i in 0..sample {
            let slot = self.slots.index(start.wrapping_add(i.wrapping_mul(slots / sample)));
            let value = env.shared_data.read(&key(slot)).ok()?;
            live += value.map_or(0, |(value, _)| table::live_entries(&value, now));
        }
        let clients = u64::try_from(live).unwrap_or(0) * u64::from(slots / sample.max(1));
        Some(u32::try_from(clients).unwrap_or(u32::MAX))
    }
}
