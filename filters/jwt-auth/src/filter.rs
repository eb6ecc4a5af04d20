//! The policy: what is configured, and the decision about a request.

use std::rc::Rc;

use novasphere_core::{
    BuildContext, Decision, Env, FetchError, FetchResponse, Filter, HeaderInterest, HeaderMutation,
    PendingQueues, RequestHead, ResponseHead, TimerActions,
};

use crate::{
    config::{self, Config},
    decision::{Refusal, Verdict},
    identity::attributes::{self, ClaimAttributes},
    identity::headers::{Fate, IdentityHeaders},
    keys::credential::Credentials,
    keys::remote::issuers::{Issuers, Signer},
    keys::remote::{KEY_FETCH_FAILED, KEYS_FETCHED},
    keys::verifier::VERIFIED_BY_HOST,
    local_response::Answers,
    rules::claims::ClaimRules,
    rules::skip::SkipRules,
    sources::TokenSources,
    state::{Approved, Found, State},
    token::Token,
    token::cache::Verified,
};

/// The jwt-auth filter, configured.
#[derive(Debug)]
pub struct JwtAuth {
    pub(crate) credentials: Credentials,
    pub(crate) issuers: Issuers,
    /// How many verified tokens a worker remembers.
    pub(crate) cache_tokens: usize,
    /// How many bytes that may take.
    pub(crate) cache_bytes: usize,
    pub(crate) sources: TokenSources,
    pub(crate) claims: ClaimRules,
    pub(crate) answers: Answers,
    pub(crate) identity: IdentityHeaders,
    pub(crate) attributes: ClaimAttributes,
    pub(crate) skip: SkipRules,
    pub(crate) run_on_preflight: bool,
    pub(crate) optional: bool,
    pub(crate) report_only: bool,
}

impl Filter for JwtAuth {
    const NAME: &'static str = "jwt-auth";
    const REASONS: &'static [&'static str] = REASONS;
    const EVENTS: &'static [&'static str] = &[
        VERIFIED_BY_HOST,
        REPORTED,
        CACHE_HIT,
        CACHE_MISS,
        CACHE_EVICTED,
        KEYS_FETCHED,
        KEY_FETCH_FAILED,
    ];
    type Config = Config;
    type State = State;
    type Carry = ();

    fn build(config: Self::Config, cx: &mut BuildContext<'_>) -> Self {
        config::into_filter(config, cx)
    }

    fn request_headers(&self) -> &HeaderInterest {
        &HeaderInterest::All
    }

    fn response_headers(&self) -> &HeaderInterest {
        &HeaderInterest::None
    }

    fn uses_timer(&self) -> bool {
        !self.issuers.is_empty()
    }

    fn uses_shared_data(&self) -> bool {
        !self.issuers.is_empty()
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
        state.forget_if_keys_change(|known| self.issuers.on_timer(known, env))
    }

    fn on_fetch(
        &self,
        purpose: usize,
        response: Result<FetchResponse<'_>, FetchError>,
        state: &mut State,
        env: &Env<'_>,
    ) -> TimerActions {
        state.forget_if_keys_change(|known| self.issuers.on_fetch(purpose, response, known, env))
    }

    fn on_response<'f>(&'f self, (): (), _: &ResponseHead<'_>) -> Vec<HeaderMutation<'f>> {
        Vec::new()
    }
}

const ALLOWED: &str = "allowed";
const PREFLIGHT: &str = "preflight";
const SKIPPED: &str = "skipped";
const OPTIONAL: &str = "optional";
const ANONYMOUS: &str = "anonymous";

/// Events of the cache of verified tokens.
const CACHE_HIT: &str = "cache_hit";
const CACHE_MISS: &str = "cache_miss";
const CACHE_EVICTED: &str = "cache_evicted";
/// The event of a refusal that `report_only` turned into a pass.
const REPORTED: &str = "reported";
/// The attribute with the decision of such a request.
const REPORTED_ATTRIBUTE: &str = "jwt_auth_reported";

/// Every decision there is.
const REASONS: &[&str] = &[
    ALLOWED,
    PREFLIGHT,
    SKIPPED,
    OPTIONAL,
    ANONYMOUS,
    Refusal::NoToken.reason(),
    Refusal::ConnectionNamesIdentity.reason(),
    Refusal::RepeatedHeader.reason(),
    Refusal::MultipleTokens.reason(),
    Refusal::TokenTooLarge.reason(),
    Refusal::MalformedToken.reason(),
    Refusal::CriticalHeader.reason(),
    Refusal::UnknownKey.reason(),
    Refusal::AlgorithmMismatch.reason(),
    Refusal::BadSignature.reason(),
    Refusal::WrongType.reason(),
    Refusal::MalformedClaim.reason(),
    Refusal::MissingClaim.reason(),
    Refusal::Expired.reason(),
    Refusal::NotYetValid.reason(),
    Refusal::IssuedInFuture.reason(),
    Refusal::LifetimeTooLong.reason(),
    Refusal::WrongIssuer.reason(),
    Refusal::WrongAudience.reason(),
    Refusal::WrongSubject.reason(),
    Refusal::Denied.reason(),
    Refusal::UnusableClaim.reason(),
    Refusal::RequiredClaim.reason(),
    Refusal::InsufficientScope.reason(),
    Refusal::KeysUnavailable.reason(),
];

/// No room for any request.
struct NoWaiting;

impl PendingQueues for NoWaiting {
    fn has_capacity(&self, _: usize, _: usize) -> bool {
        false
    }
}

impl JwtAuth {
    /// Decides about a request, by the rules in the order the [crate] states.
    fn decide<'f>(
        &'f self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Decision<'f, ()> {
        if !self.run_on_preflight && head.is_preflight() {
            return self.pass(head, &self.identity.nobody(), PREFLIGHT);
        }
        if self.skip.apply_to(head) {
            return self.pass(head, &self.identity.nobody(), SKIPPED);
        }
        let found = if self.report_only {
            // Where nothing is refused, nothing is to be waited for.
            self.authenticate(head, state, &Env { pending: &NoWaiting, ..*env })
        } else {
            self.authenticate(head, state, env)
        };
        match found {
            Ok(Found::Approved(approved)) => {
                attributes::set(&approved.attributes, env.attributes);
                self.pass(head, &approved.fates, ALLOWED)
            }
            Ok(Found::Later { queue, until }) => Decision::Pause { queue, until },
            Err(refusal) => self.refuse(head, refusal, env),
        }
    }

    /// Who sends the request.
    fn authenticate(
        &self,
        head: &RequestHead<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Found, Refusal> {
        if self.identity.is_named_by_connection(head) {
            return Err(Refusal::ConnectionNamesIdentity);
        }
        let (text, now) = (self.sources.find(head)?, env.clock.now());
        if let Some(approved) = state.cache(self.cache_tokens, self.cache_bytes).get(&text, now) {
            env.metrics.count(CACHE_HIT);
            return Ok(Found::Approved(approved));
        }
        env.metrics.count(CACHE_MISS);
        let token = Token::parse(&text)?;
        let known = self.credentials.signer_of(&token, env).map(|c| Signer::Known(&c.consumer));
        let signer = match known {
            Ok(signer) => signer,
            // An issuer whose keys are fetched may have keys in the configuration too.
            Err(refusal) => state
                .forget_if_keys_change(|known| self.issuers.signer_of(&token, known, env))
                .unwrap_or(Err(refusal))?,
        };
        let consumer = match signer {
            Signer::Known(consumer) => consumer,
            Signer::Later { queue, until } => return Ok(Found::Later { queue, until }),
        };
        self.claims.check(&token, now)?;
        let approved = Rc::new(Approved {
            fates: self
                .identity
                .of(consumer, &token.claims)?
                .into_iter()
                .map(Fate::owned)
                .collect(),
            attributes: self.attributes.of(&token.claims)?,
        });
        let (from, until) = self.claims.validity(&token.claims, now);
        let verified = Verified { from, until, value: Rc::clone(&approved) };
        let cache = state.cache(self.cache_tokens, self.cache_bytes);
        cache.insert(&text, verified);
        match cache.take_forgotten() {
            0 => {}
            forgotten => env.metrics.add(CACHE_EVICTED, forgotten),
        }
        Ok(Found::Approved(approved))
    }

    /// What comes of a request that did not show who sends it.
    fn refuse<'f>(
        &'f self,
        head: &RequestHead<'_>,
        refusal: Refusal,
        env: &Env<'_>,
    ) -> Decision<'f, ()> {
        if self.optional && refusal == Refusal::NoToken {
            return self.pass(head, &self.identity.nobody(), OPTIONAL);
        }
        // Not for a token that is good but grants too little: its sender is known.
        if matches!(refusal.verdict(), Verdict::NoToken | Verdict::InvalidToken)
            && let Some(fates) = self.identity.anonymous()
        {
            return self.pass(head, &fates, ANONYMOUS);
        }
        if self.report_only {
            env.metrics.count(REPORTED);
            env.attributes.set(REPORTED_ATTRIBUTE, refusal.reason().as_bytes());
            return self.pass(head, &self.identity.nobody(), refusal.reason());
        }
        // Edited all the same: an access log shows neither a forged identity nor a token.
        Decision::Respond {
            mutations: self.mutations(head, &self.identity.nobody()),
            response: self.answers.response(refusal),
            reason: refusal.reason(),
        }
    }

    fn pass<'f>(
        &'f self,
        head: &RequestHead<'_>,
        fates: &[Fate<'f>],
        reason: &'static str,
    ) -> Decision<'f, ()> {
        Decision::Continue { mutations: self.mutations(head, fates), carry: (), reason }
    }

    fn mutations<'f>(
        &'f self,
        head: &RequestHead<'_>,
        fates: &[Fate<'f>],
    ) -> Vec<HeaderMutation<'f>> {
        // Tokens first: their header may be one that a claim sets.
        let mut mutations = self.sources.strip(head);
        self.identity.add_edits(head, fates, &mut mutations);
        mutations
    }
}
