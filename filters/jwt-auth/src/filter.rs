//! The filter: the configured rules, and the decision about a request.

use std::rc::Rc;

use novasphere_core::{
    BuildContext, Decision, Env, FetchError, FetchResponse, FieldHints, Filter, HeaderInterest,
    HeaderMutation, PendingQueues, RequestHead, ResponseHead, TimerActions, UsedClaim,
    trace::{self, Note},
};

use crate::{
    build::{self, Settings},
    config::Config,
    decision::{PassReason, REASONS, Refusal, RefusalClass},
    field_hints::FIELD_HINTS,
    identity::{attributes, headers::HeaderAction},
    metrics::Event,
    rejection::Rejection,
    rules::requirements::Requirements,
    state::{Authentication, State},
};

/// The configured jwt-auth filter.
#[derive(Debug)]
pub struct JwtAuth {
    pub(crate) settings: Settings,
}

impl Filter for JwtAuth {
    const NAME: &'static str = "jwt-auth";
    const REASONS: &'static [&'static str] = REASONS;
    const EVENTS: &'static [&'static str] = Event::NAMES;
    const FIELD_HINTS: &'static [(&'static str, FieldHints)] = &[("", FIELD_HINTS)];
    type Config = Config;
    type State = State;
    type Carry = ();

    #[cold]
    fn build(config: Config, cx: &mut BuildContext<'_>) -> Self {
        Self { settings: build::build(config, cx) }
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::None
    }

    fn uses_timer(&self) -> bool {
        !self.settings.issuers.is_empty()
    }

    fn uses_shared_data(&self) -> bool {
        !self.settings.issuers.is_empty()
    }

    fn on_request<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, ()> {
        self.decide(head, state, env)
    }

    fn on_timer(&self, state: &mut State, env: &Env<'_>) -> TimerActions {
        state.update_keys(|keys| self.settings.issuers.on_timer(keys, env))
    }

    fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        state: &mut State,
        env: &Env<'_>,
    ) -> TimerActions {
        state.update_keys(|keys| self.settings.issuers.on_fetch(purpose, response, keys, env))
    }

    fn abandon_fetches(&self, state: &mut State, env: &Env<'_>) {
        state.update_keys(|keys| self.settings.issuers.abandon_fetches(keys, env));
    }

    fn on_response<'f>(&'f self, (): (), _: &ResponseHead<'_>) -> Vec<HeaderMutation<'f>> {
        Vec::new()
    }
}

/// The attribute with the refusal of a request that passed because of `report_only`.
const REPORTED_ATTRIBUTE: &str = "jwt_auth_reported";

/// The attribute with the actual and the expected value of the check that rejected a request.
const DETAIL_ATTRIBUTE: &str = "jwt_auth_detail";

/// Queues without capacity.
struct NoQueues;

impl PendingQueues for NoQueues {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}

impl JwtAuth {
    /// Passes the claims that the later filters of a chain use on to them, in addition to
    /// `claims_to_attributes`. The host does not see them.
    pub fn pass_on(&mut self, claims: &[UsedClaim], cx: &mut BuildContext<'_>) {
        build::pass_on(&mut self.settings, claims, cx);
    }

    /// Whether it sets or removes this header, in any spelling. Until it has run, the client's own
    /// value is in the request.
    pub fn owns_header(&self, name: &str) -> bool {
        self.settings.identity.owns(name.as_bytes())
    }

    /// Sends `X-Credential-Identifier`, because a later filter of the chain reads it.
    pub fn send_credential(&mut self) {
        self.settings.identity.send_credential();
    }

    /// Decides by the rules in the order that the [crate] states.
    fn decide<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, ()> {
        if !self.settings.run_on_preflight && head.is_preflight() {
            trace::note(|| {
                let note = Note::new("run_on_preflight").expected("no token on CORS preflights");
                note.found("a CORS preflight").matches(true).decides(true)
            });
            return self.pass_unidentified(head, PassReason::Preflight.name());
        }
        let requirements = match self.settings.rules.requirements(head, env) {
            Ok(Some(requirements)) => requirements,
            Ok(None) => return self.pass_unidentified(head, PassReason::Skipped.name()),
            Err(refusal) => {
                let default = &self.settings.rules.default;
                return self.refuse(head, &refusal.into(), default, env);
            }
        };
        let authentication = if requirements.report_only {
            // The request passes in any case, so it need not wait for keys.
            self.authenticate(head, requirements, state, &Env { pending: &NoQueues, ..*env })
        } else {
            self.authenticate(head, requirements, state, env)
        };
        match authentication {
            Ok(Authentication::Verified(token)) => {
                attributes::set(&token.attributes, env.attributes);
                self.pass(head, &token.headers, PassReason::Allowed.name())
            }
            Ok(Authentication::Pending { queue, until }) => {
                // The later decision needs no data from this one.
                Decision::Pause { queue, until, ticket: Rc::new(()) }
            }
            Err(rejection) => self.refuse(head, &rejection, requirements, env),
        }
    }

    /// Rejects a request, unless `optional`, `anonymous` or `report_only` lets it pass.
    #[cold]
    fn refuse<'f>(
        &'f self,
        head: &RequestHead<'_>,
        rejection: &Rejection,
        requirements: &Requirements,
        env: &Env<'_>,
    ) -> Decision<'f, ()> {
        let refusal = rejection.refusal;
        if requirements.optional && refusal == Refusal::NoToken {
            trace::note(|| lets_pass("optional"));
            return self.pass_unidentified(head, PassReason::Optional.name());
        }
        // A valid token that grants too little has a known sender, who is not anonymous.
        if matches!(refusal.class(), RefusalClass::NoToken | RefusalClass::InvalidToken)
            && let Some(actions) = self.settings.identity.of_anonymous()
        {
            trace::note(|| lets_pass("anonymous"));
            return self.pass(head, &actions, PassReason::Anonymous.name());
        }
        if requirements.report_only {
            env.attributes.set(REPORTED_ATTRIBUTE, refusal.name().as_bytes());
        }
        let detail = rejection.detail();
        if !detail.is_empty() {
            env.attributes.set(DETAIL_ATTRIBUTE, detail.as_bytes());
        }
        if requirements.report_only {
            trace::note(|| lets_pass("report_only"));
            env.metrics.count(Event::Reported.name());
            return self.pass_unidentified(head, refusal.name());
        }
        let responses = &self.settings.responses;
        Decision::Respond {
            // An access log must show neither a forged identity nor a token.
            mutations: self.mutations(head, &self.settings.identity.of_unidentified()),
            response: Box::new(responses.render(rejection, requirements.scopes.as_ref())),
            reason: refusal.name(),
        }
    }

    fn pass_unidentified<'f>(
        &'f self,
        head: &RequestHead<'_>,
        reason: &'static str,
    ) -> Decision<'f, ()> {
        self.pass(head, &self.settings.identity.of_unidentified(), reason)
    }

    fn pass<'f>(
        &'f self,
        head: &RequestHead<'_>,
        actions: &[HeaderAction<'f>],
        reason: &'static str,
    ) -> Decision<'f, ()> {
        Decision::Continue { mutations: self.mutations(head, actions), carry: (), reason }
    }

    fn mutations<'f>(
        &'f self,
        head: &RequestHead<'_>,
        actions: &[HeaderAction<'f>],
    ) -> Vec<HeaderMutation<'f>> {
        // Tokens first, because a claim may set the header that carries the token.
        let mut mutations = Vec::with_capacity(actions.len());
        self.settings.sources.remove_tokens(head, &mut mutations);
        self.settings.identity.add_mutations(head, actions, &mut mutations);
        mutations
    }
}

/// The note about a field that lets a rejected request pass.
fn lets_pass(field: &str) -> Note {
    let note = Note::new(field).expected("the request passes without an identity");
    note.found("the token is rejected or missing").decides(true)
}
