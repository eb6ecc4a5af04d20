//! The policy: what is configured, and the decision about a request.

use novasphere_core::{
    ConfigErrors, Edit, Env, Host, Needs, Policy, Read, RequestHead, ResponseHead, Step,
};

use crate::{
    claims::ClaimRules,
    config,
    credential::Credentials,
    identity::{Fate, IdentityHeaders},
    refusal::{Challenges, Refusal},
    source::TokenSources,
    token::Token,
    verifier::VERIFIED_BY_HOST,
};

/// The jwt-auth filter, configured.
#[derive(Debug)]
pub struct JwtAuth {
    pub(crate) credentials: Credentials,
    pub(crate) sources: TokenSources,
    pub(crate) claims: ClaimRules,
    pub(crate) challenges: Challenges,
    pub(crate) identity: IdentityHeaders,
    pub(crate) run_on_preflight: bool,
}

impl Policy for JwtAuth {
    const NAME: &'static str = "jwt-auth";
    const DECISIONS: &'static [&'static str] = DECISIONS;
    const EVENTS: &'static [&'static str] = &[VERIFIED_BY_HOST];
    type State = ();
    type Carry = ();

    fn configure(config: &[u8], host: &dyn Host) -> Result<Self, ConfigErrors> {
        config::configure(config, host)
    }

    fn needs(&self) -> Needs {
        Needs { request: Read::Whole, response: Read::Nothing }
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

/// Every decision there is.
const DECISIONS: &[&str] = &[
    ALLOWED,
    PREFLIGHT,
    Refusal::NoToken.decision(),
    Refusal::RepeatedHeader.decision(),
    Refusal::MultipleTokens.decision(),
    Refusal::TokenTooLarge.decision(),
    Refusal::MalformedToken.decision(),
    Refusal::CriticalHeader.decision(),
    Refusal::UnknownKey.decision(),
    Refusal::AlgorithmMismatch.decision(),
    Refusal::BadSignature.decision(),
    Refusal::MalformedClaim.decision(),
    Refusal::MissingClaim.decision(),
    Refusal::Expired.decision(),
    Refusal::NotYetValid.decision(),
    Refusal::LifetimeTooLong.decision(),
    Refusal::WrongIssuer.decision(),
    Refusal::WrongAudience.decision(),
    Refusal::UnusableClaim.decision(),
];

impl JwtAuth {
    /// Decides about a request, by the rules in the order the [crate] states.
    fn decide<'p>(&'p self, head: &RequestHead<'_>, env: &Env<'_>) -> Step<'p, ()> {
        if !self.run_on_preflight && head.is_preflight() {
            let edits = self.edits(head, self.identity.nobody());
            return Step::Continue { edits, carry: (), decision: PREFLIGHT };
        }
        match self.authenticate(head, env) {
            Ok(fates) => {
                let edits = self.edits(head, fates);
                Step::Continue { edits, carry: (), decision: ALLOWED }
            }
            // Edited all the same: an access log shows neither a forged identity nor a token.
            Err(refusal) => Step::Reply {
                edits: self.edits(head, self.identity.nobody()),
                reply: self.challenges.reply(refusal),
                decision: refusal.decision(),
            },
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
        let credential = self.credentials.signer_of(&token, env)?;
        self.claims.check(&token.claims, env.clock.now())?;
        self.identity.of(credential, &token.claims)
    }

    fn edits<'p>(&'p self, head: &RequestHead<'_>, fates: Vec<Fate<'p>>) -> Vec<Edit<'p>> {
        let mut edits = self.identity.edits(head, fates);
        edits.extend(self.sources.strip(head).map(Edit::Target));
        edits
    }
}
