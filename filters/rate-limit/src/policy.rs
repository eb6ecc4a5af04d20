//! The limiter as data, and how it decides.

use std::{borrow::Cow, hash::Hasher};

use novasphere_core::{
    Change, ConfigErrors, Edit, Env, Host, Needs, Policy, Read, Reply, RequestHead, ResponseHead,
    Step, StoreError,
};
use siphasher::sip128::{Hasher128, SipHasher13};

use crate::{
    config,
    headers::Headers,
    identity::Identity,
    table::{self, Fingerprint, Pressure, Verdict, WINDOWS},
    window::Period,
};

/// The rate-limit filter, configured.
#[derive(Debug)]
pub struct RateLimit {
    /// At least one, shortest period first.
    pub(crate) limits: Vec<Limit>,
    pub(crate) identity: Identity,
    /// What tells this limiter's counts from others': everything that gives them their meaning.
    pub(crate) namespace: Vec<u8>,
    /// Slots of the table, a power of two.
    pub(crate) slots: u32,
    pub(crate) fault_tolerant: bool,
    pub(crate) headers: Headers,
    pub(crate) refusal: Refusal,
}

/// So many requests in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) period: Period,
    /// At least 1.
    pub(crate) requests: u32,
}

/// The answer to a request over a limit.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What one worker remembers: the keys of the fingerprints, once it has them.
#[derive(Default)]
pub struct State {
    keys: Option<Keys>,
}

#[derive(Clone, Copy)]
struct Keys {
    client: [u8; 16],
    overflow: Fingerprint,
}

/// What is left of a client's limits after a request; handed to the response.
#[derive(Clone, Copy, Debug)]
pub struct Headroom {
    pub(crate) counts: [u32; WINDOWS],
    /// When the request was counted, in seconds since the epoch.
    pub(crate) now: u32,
}

/// Fixed, so that the keys of the store are a bounded set; then 4 bytes of index: a table of n slots,
/// a power of two, has the indices n to 2n - 1, so that tables of different sizes keep apart.
const KEY_PREFIX: &[u8] = b"novasphere.rate-limit.1.";
/// Where the workers share the secret that keys their fingerprints: no slot has this index.
const SEED_INDEX: u32 = u32::MAX;

impl Policy for RateLimit {
    const NAME: &'static str = "rate-limit";
    const DECISIONS: &'static [&'static str] =
        &["allowed", "not_limited", "limited", "store_failed_allowed", "store_failed_refused"];
    const EVENTS: &'static [&'static str] = &["fell_back_to_ip", "evicted", "overflowed"];
    type State = State;
    type Carry = Option<Headroom>;

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs {
        Needs { request: self.identity.reads(), response: Read::Nothing, timer: false, store: true }
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Step<'p, Self::Carry> {
        self.decide(head, state, env)
    }

    fn on_response<'p>(&'p self, carry: Self::Carry, _: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        carry.map(|headroom| self.headers.on_response(&headroom)).unwrap_or_default()
    }
}

impl RateLimit {
    fn decide<'p>(
        &'p self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Step<'p, Option<Headroom>> {
        let Some(identity) = self.identity.of(head, env) else {
            return Step::Continue { edits: Vec::new(), carry: None, decision: "not_limited" };
        };
        let now = u32::try_from(env.clock.now().seconds()).unwrap_or(u32::MAX);
        match self.count(&identity, now, state, env) {
            Ok(Verdict { allowed: true, counts, now, .. }) => {
                let carry = Some(Headroom { counts, now });
                Step::Continue { edits: Vec::new(), carry, decision: "allowed" }
            }
            Ok(Verdict { counts, now, .. }) => self.refuse(&Headroom { counts, now }),
            Err(_) if self.fault_tolerant => {
                let decision = "store_failed_allowed";
                Step::Continue { edits: Vec::new(), carry: None, decision }
            }
            Err(_) => Step::Reply {
                edits: Vec::new(),
                reply: Reply { status: 500, headers: Vec::new(), body: Cow::Borrowed(b"") },
                decision: "store_failed_refused",
            },
        }
    }

    fn refuse<'p>(&'p self, headroom: &Headroom) -> Step<'p, Option<Headroom>> {
        let reply = Reply {
            status: self.refusal.status,
            headers: self.headers.on_refusal(headroom),
            body: Cow::Borrowed(&self.refusal.body),
        };
        Step::Reply { edits: Vec::new(), reply, decision: "limited" }
    }

    fn count(
        &self,
        identity: &[u8],
        now: u32,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Verdict, StoreError> {
        let keys = self.keys(state, env)?;
        let client = fingerprint(&keys.client, identity);
        let [a, b, c, d, ..] = client;
        let slot = u32::from_le_bytes([a, b, c, d]) & (self.slots - 1);
        let verdict = env.store.update(&key(self.slots | slot), |value| {
            let verdict = table::admit(value, client, keys.overflow, &self.limits, now);
            (if verdict.allowed { Change::Write } else { Change::Keep }, verdict)
        })?;
        match verdict.pressure {
            Pressure::None => {}
            Pressure::Evicted => env.metrics.count("evicted"),
            Pressure::Overflowed => env.metrics.count("overflowed"),
        }
        Ok(verdict)
    }

    /// The keys of this limiter's fingerprints, made from a secret that the first worker draws and
    /// all share: a client that could compute fingerprints could choose its slot.
    fn keys(&self, state: &mut State, env: &Env<'_>) -> Result<Keys, StoreError> {
        if let Some(keys) = state.keys {
            return Ok(keys);
        }
        let seed = env.store.update(&key(SEED_INDEX), |value| {
            match <[u8; 16]>::try_from(value.as_slice()) {
                Ok(seed) => (Change::Keep, seed),
                Err(_) => {
                    let seed = env.random.bytes();
                    *value = seed.to_vec();
                    (Change::Write, seed)
                }
            }
        })?;
        let client = fingerprint(&seed, &self.namespace);
        let keys = Keys { client, overflow: fingerprint(&client, b"overflow") };
        state.keys = Some(keys);
        Ok(keys)
    }
}

fn key(index: u32) -> Vec<u8> {
    let mut key = KEY_PREFIX.to_vec();
    key.extend(index.to_le_bytes());
    key
}

/// SipHash-1-3 with 128 bits: keyed, and short enough for the request path.
fn fingerprint(key: &[u8; 16], bytes: &[u8]) -> Fingerprint {
    let mut hasher = SipHasher13::new_with_key(key);
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}
