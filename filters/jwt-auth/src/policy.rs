//! The policy: what is configured, and the decision about a request.

use novasphere_core::{
    ConfigErrors, Edit, Env, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

use crate::{
    answer::Answers,
    attributes::{self, ClaimAttributes},
    claims::ClaimRules,
    config,
    credential::Credentials,
    identity::{Fate, IdentityHeaders},
    refusal::{Refusal, Verdict},
    skip::SkipRules,
    source::TokenSources,
    token::Token,
};

/// The jwt-auth filter, configured.
#[derive(Debug)]
pub struct JwtAuth {
    pub(crate) credentials: Credentials,
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

impl Policy for JwtAuth {
    const NAME: &'static str = "jwt-auth";
    const DECISIONS: &'static [&'static str] = DECISIONS;
    const EVENTS: &'static [&'static str] = &[REPORTED];
    type State = ();
    type Carry = ();

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs {
        Needs { request: Read::Whole, response: Read::Nothing, timer: false, waiting: 0 }
    }

    fn on_request<'p>(
        &'p self,
        head: &RequestHead<'_>,
        (): &mut (),
        env: &Env<'_>,
    ) -> Step<'p, ()> {
        self.decide(head, env)
    }

    fn on_response<'p>(&'p self, (): (), _: &ResponseHead<'_>) -> Vec<Edit<'p>> {
        Vec::new()
    }
}

const ALLOWED: &str = "allowed";
const PREFLIGHT: &str = "preflight";
const SKIPPED: &str = "skipped";
const OPTIONAL: &str = "optional";
const ANONYMOUS: &str = "anonymous";

/// The event of a refusal that `report_only` turned into a pass.
const REPORTED: &str = "reported";
/// The attribute with the decision of such a request.
const REPORTED_ATTRIBUTE: &str = "jwt_auth_reported";

/// Every decision there is.
const DECISIONS: &[&str] = &[
    ALLOWED,
    PREFLIGHT,
    SKIPPED,
    OPTIONAL,
    ANONYMOUS,
    Refusal::NoToken.decision(),
    Refusal::RepeatedHeader.decision(),
    Refusal::MultipleTokens.decision(),
    Refusal::TokenTooLarge.decision(),
    Refusal::MalformedToken.decision(),
    Refusal::CriticalHeader.decision(),
    Refusal::UnknownKey.decision(),
    Refusal::AlgorithmMismatch.decision(),
    Refusal::BadSignature.decision(),
    Refusal::WrongType.decision(),
    Refusal::MalformedClaim.decision(),
    Refusal::MissingClaim.decision(),
    Refusal::Expired.decision(),
    Refusal::NotYetValid.decision(),
    Refusal::IssuedInFuture.decision(),
    Refusal::LifetimeTooLong.decision(),
    Refusal::WrongIssuer.decision(),
    Refusal::WrongAudience.decision(),
    Refusal::WrongSubject.decision(),
    Refusal::Denied.decision(),
    Refusal::UnusableClaim.decision(),
    Refusal::RequiredClaim.decision(),
    Refusal::InsufficientScope.decision(),
];

impl JwtAuth {
    /// Decides about a request, by the rules in the order the [crate] states.
    fn decide<'p>(&'p self, head: &RequestHead<'_>, env: &Env<'_>) -> Step<'p, ()> {
        if !self.run_on_preflight && head.is_preflight() {
            return self.pass(head, self.identity.nobody(), PREFLIGHT);
        }
        if self.skip.apply_to(head) {
            return self.pass(head, self.identity.nobody(), SKIPPED);
        }
        match self.authenticate(head, env) {
            Ok(fates) => self.pass(head, fates, ALLOWED),
            Err(refusal) => self.refuse(head, refusal, env),
        }
    }

    /// Who sends the request, as headers.
    fn authenticate(
        &self,
        head: &RequestHead<'_>,
        env: &Env<'_>,
    ) -> Result<Vec<Fate<'_>>, Refusal> {
        let text = self.sources.find(head)?;
        let token = Token::parse(&text)?;
        let credential = self.credentials.signer_of(&token)?;
        self.claims.check(&token, env.clock.now())?;
        let fates = self.identity.of(credential, &token.claims)?;
        attributes::set(self.attributes.of(&token.claims)?, env.attributes);
        Ok(fates)
    }

    /// What comes of a request that did not show who sends it.
    fn refuse<'p>(
        &'p self,
        head: &RequestHead<'_>,
        refusal: Refusal,
        env: &Env<'_>,
    ) -> Step<'p, ()> {
        if self.optional && refusal == Refusal::NoToken {
            return self.pass(head, self.identity.nobody(), OPTIONAL);
        }
        // Not for a token that is good but grants too little: its sender is known.
        if matches!(refusal.verdict(), Verdict::NoToken | Verdict::InvalidToken)
            && let Some(fates) = self.identity.anonymous()
        {
            return self.pass(head, fates, ANONYMOUS);
        }
        if self.report_only {
            env.metrics.count(REPORTED);
            env.attributes.set(REPORTED_ATTRIBUTE, refusal.decision().as_bytes());
            return self.pass(head, self.identity.nobody(), refusal.decision());
        }
        // Edited all the same: an access log shows neither a forged identity nor a token.
        Step::Reply {
            edits: self.edits(head, self.identity.nobody()),
            reply: self.answers.reply(refusal),
            decision: refusal.decision(),
        }
    }

    fn pass<'p>(
        &'p self,
        head: &RequestHead<'_>,
        fates: Vec<Fate<'p>>,
        decision: &'static str,
    ) -> Step<'p, ()> {
        Step::Continue { edits: self.edits(head, fates), carry: (), decision }
    }

    fn edits<'p>(&'p self, head: &RequestHead<'_>, fates: Vec<Fate<'p>>) -> Vec<Edit<'p>> {
        // Tokens first: their header may be one that a claim sets.
        let mut edits = self.sources.strip(head);
        edits.extend(self.identity.edits(head, fates));
        edits
    }
}
