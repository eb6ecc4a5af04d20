//! The keys that may have signed a token, and the filter's decision.

use novasphere_core::{Env, Json};

use crate::{
    config::Algorithm,
    decision::{PassReason, Refusal},
    filter::JwtAuth,
    keys::{key::Key, tries::Tries},
    rejection::Rejection,
    state::{Authentication, State},
    token::Token,
};

/// The filter's decision about a token, by the checks of requests without a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDecision {
    /// The name of the decision: `allowed`, or the refusal.
    pub name: &'static str,
    /// The actual and the expected value of the check that failed. May be empty.
    pub detail: String,
}

/// A key that a token is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The entry of the configuration with the key.
    pub source: CandidateSource,
    /// The `kid` of the key.
    pub kid: Option<String>,
    /// The algorithms of the key, or of an issuer without fetched keys.
    pub algorithms: Vec<&'static str>,
    /// The result of the comparison.
    pub fit: Fit,
}

/// An entry of the configuration with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateSource {
    /// The credential with this `key`. Of several with the same `key`, the last one comes first.
    Credential(String),
    /// The entry of `jwks` with this `issuer`.
    Issuer(String),
}

/// Whether a key signed a token, or why it is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The token names another credential or issuer.
    OtherName,
    /// The token has another `kid`.
    OtherKid,
    /// The token has another `alg`.
    OtherAlgorithm,
    /// The key did not make the signature.
    BadSignature,
    /// The key made the signature.
    Signed,
    /// The keys of the issuer are not known.
    NoKeys,
}

impl JwtAuth {
    /// Decides about a token. The keys of issuers come from `state` or [`Env::shared_data`].
    pub fn decide_token(&self, token: &[u8], state: &mut State, env: &Env<'_>) -> TokenDecision {
        let requirements = &self.settings.rules.default;
        match self.verify(token, 0, requirements, state, env) {
            Ok(Authentication::Verified(_)) => {
                TokenDecision { name: PassReason::Allowed.name(), detail: String::new() }
            }
            Ok(Authentication::Pending { .. }) => {
                TokenDecision::refused(&Refusal::KeysUnavailable.into())
            }
            Err(rejection) => TokenDecision::refused(&rejection),
        }
    }

    /// Decides about the claims of a token whose signature cannot be checked.
    pub fn decide_claims(&self, token: &[u8], env: &Env<'_>) -> TokenDecision {
        let requirements = &self.settings.rules.default;
        let checked = self.parse(token).map_err(Rejection::from).and_then(|token| {
            self.settings.claims.check(&token, requirements, env.clock.now())?;
            self.settings.attributes.values(&token.claims)
        });
        match checked {
            Ok(_) => TokenDecision { name: PassReason::Allowed.name(), detail: String::new() },
            Err(rejection) => TokenDecision::refused(&rejection),
        }
    }

    /// Compares a token with each credential and each issuer. Empty if the token is malformed.
    pub fn candidates(&self, token: &[u8], state: &mut State, env: &Env<'_>) -> Vec<Candidate> {
        let Ok(token) = self.parse(token) else { return Vec::new() };
        let mut candidates = self.credential_candidates(&token, env);
        let issuers = &self.settings.issuers;
        // Loads keys that the shared data holds.
        state.update_keys(|keys| issuers.signer(&token, keys, &mut Tries::new(), env));
        state.update_keys(|caches| {
            let of_token = issuers.keys_for(&token, caches);
            for (index, (issuer, algorithms)) in issuers.allowed().enumerate() {
                let source = CandidateSource::Issuer(issuer.to_owned());
                match &of_token {
                    Some((own, keys)) if *own == index && !keys.is_empty() => {
                        let unnamed_fit_any = keys.iter().all(|key| key.kid.is_none());
                        let fits = keys.iter().map(|key| {
                            let fit = fit(key, unnamed_fit_any, &token, env);
                            Candidate::new(source.clone(), key, fit)
                        });
                        candidates.extend(fits);
                    }
                    other => {
                        let is_own = other.as_ref().is_some_and(|(own, _)| *own == index);
                        candidates.push(Candidate {
                            source,
                            kid: None,
                            algorithms: algorithms.iter().map(|a| Algorithm::name(*a)).collect(),
                            fit: if is_own { Fit::NoKeys } else { Fit::OtherName },
                        });
                    }
                }
            }
        });
        candidates
    }

    fn credential_candidates(&self, token: &Token<'_>, env: &Env<'_>) -> Vec<Candidate> {
        let claim_name = &self.settings.responses.key_claim_name;
        let claim = token.claims.get(claim_name).or_else(|| token.header.get(claim_name));
        let name = claim.and_then(Json::as_str);
        let credentials = self.settings.credentials.groups().flatten();
        let compared = credentials.map(|credential| {
            let fit = match name {
                Some(name) if name == credential.name => fit(&credential.key, true, token, env),
                _ => Fit::OtherName,
            };
            let source = CandidateSource::Credential(credential.name.clone());
            Candidate::new(source, &credential.key, fit)
        });
        compared.collect()
    }
}

impl TokenDecision {
    fn refused(rejection: &Rejection) -> Self {
        Self { name: rejection.refusal.name(), detail: rejection.detail() }
    }
}

impl Candidate {
    fn new(source: CandidateSource, key: &Key, fit: Fit) -> Self {
        Self { source, kid: key.kid.clone(), algorithms: vec![key.algorithm().name()], fit }
    }
}

/// The same conditions as in [`signer`](crate::keys::key::signer), without its bound on tries.
fn fit(key: &Key, unnamed_fit_any: bool, token: &Token<'_>, env: &Env<'_>) -> Fit {
    let kid = token.header.get("kid");
    let fits_unnamed = match (&key.kid, kid) {
        (Some(_), None) => true,
        (None, Some(_)) => unnamed_fit_any,
        _ => false,
    };
    if !key.is_named_by(kid) && !fits_unnamed {
        return Fit::OtherKid;
    }
    if !key.algorithm().has_name(token.algorithm()) {
        return Fit::OtherAlgorithm;
    }
    match key.verifier.verifies(token.signed, &token.signature, env) {
        true => Fit::Signed,
        false => Fit::BadSignature,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use hmac::{Hmac, Mac};
    use novasphere_core::{Filter, testing::TestHost};
    use sha2::Sha256;

    use super::*;

    const SECRETS: [&str; 2] =
        ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

    fn token(header: &str, claims: &str, secret: &str) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
    }

    fn compare(token: &str) -> (Vec<Fit>, TokenDecision) {
        let [first, second] = SECRETS;
        let config = format!(
            r#"{{"credentials": [
                {{"key": "a", "kid": "old", "secret": "{first}"}},
                {{"key": "a", "kid": "new", "secret": "{second}"}},
                {{"key": "b", "algorithm": "HS256", "secret": "{second}"}}],
            "jwks": [{{"issuer": "https://id.example", "uri": "https://id.example/keys"}}]}}"#
        );
        let host = TestHost::at(1_000);
        let filter = JwtAuth::from_json(config.as_bytes(), &host).unwrap();
        let (mut state, env) = (State::default(), host.env());
        let candidates = filter.candidates(token.as_bytes(), &mut state, &env);
        let fits = candidates.iter().map(|candidate| candidate.fit).collect();
        (fits, filter.decide_token(token.as_bytes(), &mut state, &env))
    }

    #[test]
    fn compares_a_token_with_every_key() {
        use Fit::{BadSignature, NoKeys, OtherAlgorithm, OtherKid, OtherName, Signed};
        let claims = r#"{"iss": "a", "exp": 2000}"#;
        // The last credential of a name comes first.
        for (header, claims, expected, decision) in [
            (
                r#"{"alg": "HS256", "kid": "old"}"#,
                claims,
                [OtherKid, Signed, OtherName, OtherName],
                "allowed",
            ),
            (
                r#"{"alg": "HS256", "kid": "new"}"#,
                claims,
                [BadSignature, OtherKid, OtherName, OtherName],
                "bad_signature",
            ),
            (
                r#"{"alg": "HS512"}"#,
                claims,
                [OtherAlgorithm, OtherAlgorithm, OtherName, OtherName],
                "algorithm_not_allowed",
            ),
            (
                r#"{"alg": "HS256", "kid": "old"}"#,
                r#"{"iss": "a", "exp": 1000}"#,
                [OtherKid, Signed, OtherName, OtherName],
                "expired",
            ),
            (
                r#"{"alg": "RS256"}"#,
                r#"{"iss": "https://id.example"}"#,
                [OtherName, OtherName, OtherName, NoKeys],
                "keys_unavailable",
            ),
        ] {
            let (fits, found) = compare(&token(header, claims, SECRETS[0]));
            assert_eq!(fits, expected, "{header}");
            assert_eq!(found.name, decision, "{header}");
        }
    }

    #[test]
    fn claims_are_decided_without_a_signature() {
        let host = TestHost::at(1_000);
        let config = format!(r#"{{"credentials": [{{"key": "a", "secret": "{}"}}]}}"#, SECRETS[0]);
        let filter = JwtAuth::from_json(config.as_bytes(), &host).unwrap();
        for (exp, decision) in [(2_000, "allowed"), (1_000, "expired")] {
            let claims = format!(r#"{{"iss": "a", "exp": {exp}}}"#);
            let token = token(r#"{"alg": "HS256"}"#, &claims, SECRETS[1]);
            assert_eq!(filter.decide_claims(token.as_bytes(), &host.env()).name, decision);
        }
    }

    #[test]
    fn malformed_token_has_no_candidates() {
        let (fits, decision) = compare("a.b");
        assert_eq!((fits, decision.name), (Vec::new(), "malformed_token"));
    }
}
