//! The filter as data, and how it decides.

use novasphere_core::{
    Change, ConfigErrors, Duty, Edit, Env, HeaderName, Host, Needs, OwnMetric, Policy, Read, Reply,
    RequestHead, ResponseHead, Step, StoreError, UnixTime,
};

use crate::{
    address::{ClientAddress, Lookup, UNUSABLE},
    config,
    headers::{self, Headroom, decimal},
    identity::{FELL_BACK_TO_CONSTANT, FELL_BACK_TO_IP, Otherwise, Part, Who},
    limiter::{Keys, Limiter},
    lists::Clients,
    measures,
    refusal::Answers,
    rule::{self, Ambiguous, Effect, Rule},
    shared::{self, Slots, key},
    table::{self, Pressure, Verdict},
};

/// The rate-limit filter, configured.
#[derive(Debug)]
pub struct RateLimit {
    /// The filter's own limits, if it has any, then those of its rules.
    pub(crate) limiters: Vec<Limiter>,
    /// The first that is for a request decides.
    pub(crate) rules: Vec<Rule>,
    /// For requests that no rule is for.
    pub(crate) otherwise: Effect,
    pub(crate) address: ClientAddress,
    pub(crate) allow: Clients,
    pub(crate) deny: Clients,
    pub(crate) slots: Slots,
    pub(crate) max_clients: u32,
    pub(crate) fault_tolerant: bool,
    pub(crate) report_only: bool,
    pub(crate) answers: Answers,
    pub(crate) reads: Reads,
}

/// The lines of heads it looks at.
#[derive(Debug)]
pub(crate) struct Reads {
    /// All lines of a request, because one field may have several.
    pub(crate) whole_request: bool,
    pub(crate) request: Vec<String>,
    /// What an upstream says of limits of its own.
    pub(crate) response: Vec<String>,
}

/// What one worker remembers.
#[derive(Default)]
pub struct State {
    /// Of each limiter the keys of its fingerprints, once they are there.
    keys: Vec<Keys>,
    /// When the table was looked at.
    looked: UnixTime,
}

const ALLOWED: &str = "allowed";
const NOT_LIMITED: &str = "not_limited";
const EXEMPT: &str = "exempt";
const LIMITED: &str = "limited";
const DENIED: &str = "denied";
const AMBIGUOUS_PATH: &str = "ambiguous_path";
const UNRESOLVED_ALLOWED: &str = "unresolved_allowed";
const UNRESOLVED_REFUSED: &str = "unresolved_refused";
const STORE_FAILED_ALLOWED: &str = "store_failed_allowed";
const STORE_FAILED_REFUSED: &str = "store_failed_refused";

const EVICTED: &str = "evicted";
const OVERFLOWED: &str = "overflowed";
const RACED: &str = "raced";
/// The event of a refusal that `report_only` turned into a pass.
const REPORTED: &str = "reported";
/// The attribute with the decision of such a request.
const REPORTED_ATTRIBUTE: &str = "rate_limit_reported";

impl Policy for RateLimit {
    const NAME: &'static str = "rate-limit";
    const DECISIONS: &'static [&'static str] = &[
        ALLOWED,
        NOT_LIMITED,
        EXEMPT,
        LIMITED,
        DENIED,
        AMBIGUOUS_PATH,
        UNRESOLVED_ALLOWED,
        UNRESOLVED_REFUSED,
        STORE_FAILED_ALLOWED,
        STORE_FAILED_REFUSED,
    ];
    const EVENTS: &'static [&'static str] =
        &[FELL_BACK_TO_IP, FELL_BACK_TO_CONSTANT, UNUSABLE, EVICTED, OVERFLOWED, RACED, REPORTED];
    type State = State;
    type Carry = Option<Headroom>;

    fn own_metrics(&self) -> Vec<OwnMetric> {
        measures::names(&self.rules, self.max_clients)
    }

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs<'_> {
        let Reads { whole_request, request, response } = &self.reads;
        Needs {
            request: match request.as_slice() {
                _ if *whole_request => Read::Whole,
                [] => Read::Nothing,
                names => Read::Named(names),
            },
            response: match response.as_slice() {
                [] => Read::Nothing,
                names => Read::WholeIfAny(names),
            },
            timer: true,
            store: true,
        }
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Step<'p, Self::Carry> {
        match self.decide(head, state, env) {
            Step::Reply { decision, .. } if self.report_only => {
                env.metrics.count(REPORTED);
                env.attributes.set(REPORTED_ATTRIBUTE, decision.as_bytes());
                passed(None, decision)
            }
            // Limits that are not enforced yet are nothing to clients.
            Step::Continue { decision, .. } if self.report_only => passed(None, decision),
            step => step,
        }
    }

    fn on_response<'p>(&'p self, carry: Self::Carry, head: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        let Some(headroom) = carry else { return Vec::new() };
        let Some(limiter) = self.limiters.get(headroom.limiter) else { return Vec::new() };
        limiter.headers.on_response(&limiter.limits, &headroom, head)
    }

    fn on_timer(&self, state: &mut State, env: &Env<'_>) -> Duty {
        let now = env.clock.now();
        // Hosts and chains may ask more often.
        if now.millis.abs_diff(state.looked.millis) >= u64::from(measures::EVERY_MS) {
            state.looked = now;
            measures::look_at_table(&self.rules, self.slots, env);
        }
        Duty { again_in_ms: Some(measures::EVERY_MS), ..Duty::default() }
    }
}

impl RateLimit {
    /// Whether it believes the headers in which jwt-auth names consumer and credential.
    pub fn believes_identity_headers(&self) -> bool {
        let of_identity = |part: &Part| matches!(part, Part::Consumer | Part::Credential);
        self.limiters.iter().any(|limiter| limiter.identity.parts.iter().any(of_identity))
            || [&self.allow, &self.deny].iter().any(|list| !list.consumers.is_empty())
    }

    fn decide<'p>(
        &'p self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Step<'p, Option<Headroom>> {
        let address = Lookup::new(&self.address, head, env);
        if self.deny.include(head, &address) {
            return refused(self.answers.forbidden(), DENIED);
        }
        if self.allow.include(head, &address) {
            return passed(None, EXEMPT);
        }
        let rule = match rule::first(&self.rules, head, env) {
            Ok(rule) => rule,
            Err(Ambiguous) => return refused(self.answers.ambiguous(), AMBIGUOUS_PATH),
        };
        let effect = rule.and_then(|rule| self.rules.get(rule)).map(|rule| rule.effect);
        let step = self.apply(effect.unwrap_or(self.otherwise), head, &address, state, env);
        if let Step::Continue { decision, .. } | Step::Reply { decision, .. } = &step {
            measures::count(&self.rules, rule, decision, env);
        }
        step
    }

    fn apply<'p>(
        &'p self,
        effect: Effect,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Step<'p, Option<Headroom>> {
        let Effect::Counts { limiter: place, cost } = effect else {
            return passed(None, NOT_LIMITED);
        };
        let Some(limiter) = self.limiters.get(place) else { return passed(None, NOT_LIMITED) };
        let client = match limiter.identity.of(head, address, env) {
            Who::Client(client) => client,
            Who::NotLimited => return passed(None, NOT_LIMITED),
            Who::Unresolved(Otherwise::Deny) => {
                return refused(self.answers.forbidden(), UNRESOLVED_REFUSED);
            }
            Who::Unresolved(_) => return passed(None, UNRESOLVED_ALLOWED),
        };
        match self.count(place, limiter, &client, cost, state, env) {
            Ok(Some(Verdict { allowed, counts, now, .. })) => {
                let headroom = Headroom { limiter: place, counts, now };
                if allowed {
                    return passed(Some(headroom), ALLOWED);
                }
                self.refuse(limiter, &headroom, cost)
            }
            Ok(None) | Err(_) if self.fault_tolerant => passed(None, STORE_FAILED_ALLOWED),
            Ok(None) | Err(_) => refused(self.answers.failed(), STORE_FAILED_REFUSED),
        }
    }

    fn refuse<'p>(
        &'p self,
        limiter: &'p Limiter,
        headroom: &Headroom,
        cost: u32,
    ) -> Step<'p, Option<Headroom>> {
        let limits = &limiter.limits;
        let mut lines = limiter.headers.on_refusal(limits, headroom);
        lines.push((&RETRY_AFTER, decimal(headers::retry_after(limits, headroom, cost))));
        let violated: Vec<String> = headers::left(limits, headroom)
            .filter(|left| left.remaining < cost)
            .filter_map(|left| Some(headers::policy(&limiter.name, *limits.get(left.limit)?)))
            .collect();
        refused(self.answers.limited(lines, &violated), LIMITED)
    }

    /// Counts it, if it may pass; `None` when the table has no place for it.
    fn count(
        &self,
        place: usize,
        limiter: &Limiter,
        client: &[u8],
        cost: u32,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Option<Verdict>, StoreError> {
        if state.keys.is_empty() {
            let seed = shared::seed(env)?;
            state.keys = self.limiters.iter().map(|limiter| limiter.keys(&seed)).collect();
        }
        let keys = state.keys.get(place).copied().ok_or(StoreError::Contended)?;
        let client = keys.client(client);
        let [a, b, c, d, ..] = client;
        let slot = self.slots.at(u32::from_le_bytes([a, b, c, d]));
        let now = u32::try_from(env.clock.now().seconds()).unwrap_or(u32::MAX);
        let mut lost = 0_u32;
        let verdict = env.store.update(&key(slot), |value| {
            let verdict = table::admit(value, client, keys.overflow, &limiter.limits, cost, now);
            lost = lost.saturating_add(1);
            (if verdict.changed { Change::Write } else { Change::Keep }, verdict)
        })?;
        if lost > 1 {
            env.metrics.add(RACED, lost - 1);
        }
        match verdict.pressure {
            Pressure::None => {}
            Pressure::Evicted => env.metrics.count(EVICTED),
            Pressure::Overflowed => env.metrics.count(OVERFLOWED),
            Pressure::Lost => {
                env.metrics.count(OVERFLOWED);
                return Ok(None);
            }
        }
        Ok(Some(verdict))
    }
}

static RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");

fn passed<'p>(carry: Option<Headroom>, decision: &'static str) -> Step<'p, Option<Headroom>> {
    Step::Continue { edits: Vec::new(), carry, decision }
}

fn refused<'p>(reply: Reply<'p>, decision: &'static str) -> Step<'p, Option<Headroom>> {
    Step::Reply { edits: Vec::new(), reply, decision }
}
