//! The authentication of a request: its token, the key that signed it, and the claims.

use std::{borrow::Cow, rc::Rc};

use novasphere_core::{
    Env, RequestHead,
    trace::{self, Note},
};

use crate::{
    build::Settings,
    decision::Refusal,
    filter::JwtAuth,
    identity::headers::HeaderAction,
    keys::{remote::issuers::Signer, tries::Tries},
    metrics::Event,
    rejection::{Rejection, claim_excerpt, excerpts, note_check, note_failure},
    rules::requirements::Requirements,
    state::{Authentication, State, VerifiedToken},
    token::{Token, cache::CachedResult},
};

impl JwtAuth {
    /// Authenticates a request by its token, which must meet the requirements.
    pub(crate) fn authenticate(
        &self,
        head: &RequestHead<'_>,
        requirements: &Requirements,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Authentication, Rejection> {
        if self.settings.identity.are_named_by_connection(head) {
            trace::note(|| Rejection::from(Refusal::ConnectionNamesIdentity).note("connection"));
            return Err(Refusal::ConnectionNamesIdentity.into());
        }
        let (text, now) = (self.settings.sources.find(head)?, env.clock.now());
        if state.has_outdated_keys(now) {
            state.update_keys(|keys| self.settings.issuers.catch_up(keys, env));
        }
        let mut met = 0;
        if let Some(token) =
            state.tokens(self.settings.cache_tokens, self.settings.cache_bytes).get(&text, now)
        {
            if token.met & requirements.bit != 0 {
                env.metrics.count(Event::CacheHit.name());
                trace::note(|| {
                    Note::new("token cache").found("verified before").matches(true).decides(true)
                });
                return Ok(Authentication::Verified(token));
            }
            met = token.met;
        }
        self.verify(&text, met, requirements, state, env)
    }

    /// Verifies a token that is not in the cache, or has not met these requirements yet. `met` has
    /// the bits of the requirements that it has met.
    #[cold]
    pub(crate) fn verify(
        &self,
        text: &[u8],
        met: u64,
        requirements: &Requirements,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Authentication, Rejection> {
        let now = env.clock.now();
        env.metrics.count(Event::CacheMiss.name());
        let token = self.parse(text).map_err(Rejection::from);
        note_check("token format", &token, |note| note.found("three parts of JSON and base64url"));
        let token = token?;
        trace::note(|| token_header(&token));
        let signer = self.signer(&token, state, env);
        note_signer(&signer);
        let signer = signer?;
        let consumer = match signer {
            Signer::Verified(consumer) => consumer,
            Signer::Pending { queue, until } => {
                return Ok(Authentication::Pending { queue, until });
            }
        };
        self.settings.claims.check(&token, requirements, now)?;
        let headers = self.settings.identity.of_consumer(&consumer, &token.claims);
        note_failure("claims_to_headers", &headers);
        let attributes = self.settings.attributes.values(&token.claims);
        note_failure("claims_to_attributes", &attributes);
        let verified = Rc::new(VerifiedToken {
            headers: headers?.into_iter().map(HeaderAction::into_owned).collect(),
            attributes: attributes?,
            met: met | requirements.bit,
        });
        let (valid_from, valid_until) = self.settings.claims.times.validity(&token.claims, now);
        let (value, bytes) = (Rc::clone(&verified), verified.bytes());
        let result = CachedResult { valid_from, valid_until, value, bytes };
        let cache = state.tokens(self.settings.cache_tokens, self.settings.cache_bytes);
        cache.insert(text, result);
        match cache.take_evicted() {
            0 => {}
            evicted => env.metrics.add(Event::CacheEvicted.name(), evicted),
        }
        Ok(Authentication::Verified(verified))
    }

    pub(crate) fn parse<'t>(&self, text: &'t [u8]) -> Result<Token<'t>, Refusal> {
        let max_bytes = self.settings.max_token_bytes;
        match self.settings.accept_padding {
            true => Token::parse_padded(text, max_bytes),
            false => Token::parse(text, max_bytes),
        }
    }

    /// The signer of a token: a credential, or an issuer with fetched keys, which may have
    /// credentials too.
    fn signer(
        &self,
        token: &Token<'_>,
        state: &mut State,
        env: &Env<'_>,
    ) -> Result<Signer<'_>, Rejection> {
        let Settings { credentials, issuers, .. } = &self.settings;
        let mut tries = Tries::new();
        let rejection = match credentials.signer(token, &mut tries, env) {
            Ok(credential) => return Ok(Signer::Verified(Cow::Borrowed(&credential.consumer))),
            Err(rejection) => rejection,
        };
        let fetched = state.update_keys(|keys| issuers.signer(token, keys, &mut tries, env));
        let is_known = rejection.refusal != Refusal::UnknownIssuer;
        match fetched {
            None if is_known => Err(rejection),
            None => Err(rejection.expected(excerpts(credentials.names().chain(issuers.names())))),
            // The credentials reject the token for another reason, or neither allows the algorithm.
            Some(Err(other)) if is_known && other.refusal == Refusal::AlgorithmNotAllowed => {
                Err(rejection)
            }
            Some(result) => result,
        }
    }
}

/// The note about the members of the JOSE header that select a key, and the issuer.
fn token_header(token: &Token<'_>) -> Note {
    let member = |name| format!("{name} {}", claim_excerpt(token.header.get(name)));
    let iss = claim_excerpt(token.claims.get("iss"));
    Note::new("token").found(format!("{}, {}, iss {iss}", member("alg"), member("kid")))
}

/// Notes who signed the token, or why no key did.
#[inline(always)]
fn note_signer(signer: &Result<Signer<'_>, Rejection>) {
    trace::note(|| match signer {
        Ok(Signer::Verified(consumer)) => {
            let name = consumer.identifier.as_deref().unwrap_or_default();
            let found = [b"verified with a key of ", name].concat();
            Note::new("signature").found_bytes(&found).matches(true)
        }
        Ok(Signer::Pending { .. }) => Note::new("signature").found("waits for the issuer's keys"),
        Err(rejection) => rejection.note("signature"),
    });
}
