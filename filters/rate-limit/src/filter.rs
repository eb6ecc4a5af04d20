//! The filter as data, and how it applies to a request.

use novasphere_core::{
    BuildContext, CalloutResult, Decision, Env, FieldHints, Filter, HeaderInterest, HeaderMutation,
    MetricDefinition, RequestHead, ResponseHead, TimerActions, UnixTime, find_rule, trace,
};

use crate::{
    build::{self, Settings},
    client::{CREDENTIAL, Lookup, NoClient},
    config::Config,
    counter::{Completed, CountRequest, Counter, CounterState},
    decision::{Outcome, Reason},
    field_hints::FIELD_HINTS,
    header_interest::{deciding_headers, request_headers, response_headers},
    headers::Headroom,
    metrics::{Event, FILTER},
    notes,
    repetition::RepetitionCheck,
    rules::Effect,
};

/// The attribute with the reason of a refusal that `report_only` prevented.
const REPORTED_ATTRIBUTE: &str = "rate_limit_reported";

/// The time between two samples of the table, in milliseconds.
const SAMPLE_EVERY_MS: u32 = 10_000;

/// The configured rate-limit filter.
#[derive(Debug)]
pub struct RateLimit {
    pub(crate) settings: Settings,
    request_headers: HeaderInterest,
    response_headers: HeaderInterest,
    /// Whether a rule depends on the lines of a header.
    rules_read_lines: bool,
}

/// The memory of one worker.
#[derive(Default)]
pub struct State {
    counter: CounterState,
    sampled_at: UnixTime,
    repetition: RepetitionCheck,
    /// Whether the worker logged that `trusted_hops` is too high.
    warned_of_hops: bool,
}

impl Filter for RateLimit {
    const NAME: &'static str = FILTER;
    const REASONS: &'static [&'static str] = Reason::NAMES;
    const EVENTS: &'static [&'static str] = Event::NAMES;
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = &[("", FIELD_HINTS)];
    type Config = Config;
    type State = State;
    /// Boxed, because a decision passes through several functions, and each copies it.
    type Carry = Option<Box<Headroom>>;

    fn metric_definitions(&self) -> Vec<MetricDefinition> {
        self.settings.metrics.definitions()
    }

    #[cold]
    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self {
        Self::new(build::build(config, cx))
    }

    fn request_headers(&self) -> &HeaderInterest {
        &self.request_headers
    }

    fn response_headers(&self) -> &HeaderInterest {
        &self.response_headers
    }

    fn uses_timer(&self) -> bool {
        self.settings.counter.table().is_some()
    }

    /// Without leases, the timer only samples the table.
    fn timer_is_optional(&self) -> bool {
        !self.settings.counter.has_leases()
    }

    fn uses_shared_data(&self) -> bool {
        self.settings.counter.table().is_some()
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, Self::Carry> {
        let completed = env
            .callout
            .and_then(|result| self.settings.counter.complete(result, &mut state.counter, env));
        let outcome = match completed {
            Some(completed) => self.complete(completed, env),
            None => self.decide(head, state, env),
        };
        let outcome = if self.settings.report_only { self.reported(outcome, env) } else { outcome };
        outcome.into_decision()
    }

    fn on_response<'f>(
        &'f self,
        carry: Self::Carry,
        head: &ResponseHead<'_>,
    ) -> Vec<HeaderMutation<'f>> {
        let Some(headroom) = carry else { return Vec::new() };
        let Some(limiter) = self.settings.limiters.get(headroom.limiter) else { return Vec::new() };
        limiter.headers.on_response(&limiter.limits, &headroom, head)
    }

    fn on_orphaned_callout(&self, result: CalloutResult<'_>, state: &mut State, env: &Env<'_>) {
        self.settings.counter.learn(result, &mut state.counter, env);
    }

    fn on_timer(&self, state: &mut State, env: &Env<'_>) -> TimerActions {
        let counter_in_ms = self.settings.counter.on_timer(&mut state.counter, env);
        let now = env.clock.now();
        // Hosts and chains may call more often.
        if now.millis.abs_diff(state.sampled_at.millis) >= u64::from(SAMPLE_EVERY_MS) {
            state.sampled_at = now;
            let clients =
                self.settings.counter.table().and_then(|table| table.estimate_clients(env));
            if let Some(clients) = clients {
                self.settings.metrics.record_clients(clients, env);
            }
        }
        let again_in_ms = counter_in_ms.unwrap_or(SAMPLE_EVERY_MS).min(SAMPLE_EVERY_MS);
        TimerActions { again_in_ms: Some(again_in_ms), ..TimerActions::default() }
    }
}

impl RateLimit {
    #[cold]
    fn new(settings: Settings) -> Self {
        let rules_read_lines =
            settings.rules.iter().any(|rule| rule.condition.reads_header_lines());
        Self {
            rules_read_lines,
            request_headers: request_headers(&settings, rules_read_lines),
            response_headers: response_headers(&settings),
            settings,
        }
    }

    /// Whether it reads the header in which jwt-auth names the credential.
    pub fn reads_credential_header(&self) -> bool {
        self.deciding_headers().any(|name| name == CREDENTIAL)
    }

    /// The names of the request headers that select a limit or identify a client.
    pub fn deciding_headers(&self) -> impl Iterator<Item = &str> {
        deciding_headers(&self.settings)
    }

    fn decide<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        let address = Lookup::new(&self.settings.address, head, env);
        let outcome = self.decide_about(head, &address, state, env);
        if let Some(hops) = address.missing_hops().filter(|_| !state.warned_of_hops) {
            state.warned_of_hops = true;
            env.host.warn(&format!(
                "client_ip.trusted_hops: a request has fewer than {hops} entries in \
                 X-Forwarded-For. If it passed all proxies, trusted_hops is too high, and clients \
                 choose their own address"
            ));
        }
        outcome
    }

    fn decide_about<'f>(
        &'f self,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        if self.settings.deny.contains(head, address) {
            trace::note(|| notes::listed("deny", address));
            return Outcome::Refuse(Reason::Denied, self.settings.responses.forbidden());
        }
        if self.settings.allow.contains(head, address) {
            trace::note(|| notes::listed("allow", address));
            return Outcome::Pass(Reason::Exempt, None);
        }
        if self.rules_read_lines
            && self.settings.rules.iter().any(|rule| rule.condition.has_conflicting_lines(head))
        {
            trace::note(notes::repeated_header);
            return Outcome::Refuse(Reason::RepeatedHeader, self.settings.responses.ambiguous());
        }
        let default_is_limited = self.settings.default_effect != Effect::Unlimited;
        let Ok(rule) = find_rule(&self.settings.rules, default_is_limited, head, env) else {
            trace::note(notes::ambiguous_path);
            return Outcome::Refuse(Reason::AmbiguousPath, self.settings.responses.ambiguous());
        };
        let effect = rule.and_then(|rule| self.settings.rules.get(rule)).map(|rule| rule.effect);
        let effect = effect.unwrap_or(self.settings.default_effect);
        trace::note(|| notes::rule(&self.settings, rule, effect));
        let outcome = self.apply(effect, rule, head, address, state, env);
        self.count_decision(rule, &outcome, env);
        outcome
    }

    fn apply<'f>(
        &'f self,
        effect: Effect,
        rule: Option<usize>,
        head: &RequestHead<'_>,
        address: &Lookup<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Outcome<'f> {
        let Effect::Counts { limiter, cost } = effect else {
            return Outcome::Pass(Reason::NotLimited, None);
        };
        let Some(counting) = self.settings.limiters.get(limiter) else {
            return Outcome::Pass(Reason::NotLimited, None);
        };
        let client = match counting.identity.resolve(head, address, env) {
            Ok(client) => client,
            Err(NoClient::OtherPath) => {
                trace::note(notes::other_path);
                return Outcome::Pass(Reason::NotLimited, None);
            }
            Err(NoClient::Allow) => return Outcome::Pass(Reason::UnresolvedAllowed, None),
            Err(NoClient::Deny) => {
                self.set_detail(rule, &counting.identity, None, None, env);
                return Outcome::Refuse(
                    Reason::UnresolvedRefused,
                    self.settings.responses.forbidden(),
                );
            }
        };
        state.repetition.check(counting, &self.settings.counter, env);
        let request = CountRequest { rule, limiter, cost, client };
        if trace::ENABLED {
            notes::assume_counts(&self.settings, &request, &mut state.counter, env);
        }
        let count = self.settings.counter.count(request, &mut state.counter, env);
        self.outcome(rule, limiter, cost, count, env)
    }

    /// Decides about a request whose callout ended.
    fn complete<'f>(&'f self, completed: Completed<'f>, env: &Env<'_>) -> Outcome<'f> {
        let Completed { rule, limiter, cost, count } = completed;
        let outcome = self.outcome(rule, limiter, cost, count, env);
        self.count_decision(rule, &outcome, env);
        outcome
    }

    fn count_decision(&self, rule: Option<usize>, outcome: &Outcome<'_>, env: &Env<'_>) {
        if let Some(reason) = outcome.reason() {
            self.settings.metrics.count_decision(rule, reason, env);
        }
    }

    /// The outcome with `report_only`: every request passes, and responses get no headers, because
    /// the limits are not in force.
    fn reported<'f>(&'f self, outcome: Outcome<'f>, env: &Env<'_>) -> Outcome<'f> {
        match outcome {
            Outcome::Pass(reason, _) => Outcome::Pass(reason, None),
            Outcome::Refuse(reason, _) => {
                env.metrics.count(Event::Reported.name());
                env.attributes.set(REPORTED_ATTRIBUTE, reason.name().as_bytes());
                Outcome::Pass(reason, None)
            }
            Outcome::Call(callout) => Outcome::Call(callout),
        }
    }
}
