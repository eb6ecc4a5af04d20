//! The keys that may have signed a token, and the filter's decision about it.

use novasphere_core::{Fault, FetchResponse, Filter, Headers, Host, UnixTime};
use novasphere_jwt_auth::{
    JwtAuth,
    inspect::{Candidate, CandidateSource, Fit, TokenDecision},
};
use serde_json::Value;

use super::worker::Worker;
use crate::Proxy;

/// A key set that an issuer publishes.
#[derive(Clone, Copy, Debug)]
pub struct KeySetText<'t> {
    /// The `issuer` of the entry of `jwks`. `None` for all entries.
    pub issuer: Option<&'t str>,
    /// The JSON text.
    pub text: &'t [u8],
}

/// The verdict about a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The decision of the filter. If no key could be checked, the decision about the claims.
    pub decision: TokenDecision,
    /// Whether the decision covers the signature.
    pub is_signature_checked: bool,
    /// Each key of the configuration, credentials first, in the order of the file.
    pub keys: Vec<KeyMatch>,
}

/// A key of the configuration, compared with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyMatch {
    /// The entry: `credentials[0]`, or `jwks[0]`.
    pub path: String,
    /// The `key` of the credential, or the `issuer`.
    pub name: String,
    /// The `kid` of the key.
    pub kid: Option<String>,
    /// The algorithms that the filter accepts for the key. Empty if its type is not known.
    pub algorithms: Vec<&'static str>,
    /// The result of the comparison.
    pub fit: Fit,
    /// The variable with the key, if its value is not known. Then the signature is not checked.
    pub unknown_variable: Option<String>,
}

/// A jwt-auth filter that examines tokens.
#[derive(Debug)]
pub struct Examiner<'p> {
    filter: JwtAuth,
    config: Value,
    proxy: &'p Proxy<'p>,
    assumed: Vec<String>,
}

impl<'p> Examiner<'p> {
    /// Loads a configuration of jwt-auth (JSON text).
    ///
    /// # Errors
    /// The faults that the filter finds.
    pub fn new(json: &[u8], proxy: &'p Proxy<'p>) -> Result<Self, Vec<Fault>> {
        proxy.find_public_keys(json);
        let filter = JwtAuth::from_json(json, proxy).map_err(|errors| errors.faults().to_vec())?;
        let config = serde_json::from_slice(json).unwrap_or_default();
        Ok(Self { filter, config, proxy, assumed: proxy.assumed() })
    }

    /// Compares a token with all keys and decides about it at the time `now`.
    pub fn examine(&self, token: &[u8], key_sets: &[KeySetText<'_>], now: UnixTime) -> Examination {
        let worker = Worker::new(now);
        let host: &dyn Host = self.proxy;
        let env = worker.env(host);
        let mut state = <JwtAuth as Filter>::State::default();
        // Takes the leases of all fetches, which end at once.
        self.filter.on_timer(&mut state, &env);
        for (index, entry) in entries(&self.config, "jwks").enumerate() {
            let issuer = text(entry, "issuer");
            let of_issuer = |set: &&KeySetText<'_>| set.issuer.is_none() || set.issuer == issuer;
            if let Some(set) = key_sets.iter().find(of_issuer) {
                let headers = Headers::default();
                let response = FetchResponse { status: 200, headers, body: set.text };
                // The filter numbers two fetches for each source: discovery, then the key set.
                let purpose = index.saturating_mul(2).saturating_add(1);
                self.filter.on_fetch(purpose, Ok(response), &mut state, &env);
            }
        }
        let candidates = self.filter.candidates(token, &mut state, &env);
        let keys = self.matches(candidates);
        let decision = self.filter.decide_token(token, &mut state, &env);
        let is_signed = keys.iter().any(|key| key.fit == Fit::Signed);
        let unknown = |key: &KeyMatch| {
            key.fit == Fit::NoKeys || (key.unknown_variable.is_some() && is_compared(key.fit))
        };
        if !is_signed && keys.iter().any(unknown) {
            let decision = self.filter.decide_claims(token, &env);
            return Examination { decision, is_signature_checked: false, keys };
        }
        Examination { decision, is_signature_checked: true, keys }
    }

    /// The filter's order is by name, and the last credential of a name comes first.
    fn matches(&self, candidates: Vec<Candidate>) -> Vec<KeyMatch> {
        let mut matches: Vec<(usize, KeyMatch)> = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        for candidate in candidates {
            let (list, name_field, name) = match &candidate.source {
                CandidateSource::Credential(name) => ("credentials", "key", name),
                CandidateSource::Issuer(name) => ("jwks", "issuer", name),
            };
            let is_credential = list == "credentials";
            let named = entries(&self.config, list).enumerate();
            let named = named.filter(|(_, entry)| text(entry, name_field) == Some(name));
            let found = if is_credential {
                named.filter(|(index, _)| !taken.contains(index)).last()
            } else {
                named.last()
            };
            let (index, entry) = found.unwrap_or((0, &Value::Null));
            if is_credential {
                taken.push(index);
            }
            let unknown_variable = self.unknown_variable(entry);
            // The type of an unknown public key follows from nothing else.
            let is_any_type = unknown_variable.is_some()
                && entry.get("public_key").is_some()
                && entry.get("algorithm").is_none();
            let (algorithms, fit) = match candidate.fit {
                Fit::OtherAlgorithm if is_any_type => (Vec::new(), Fit::BadSignature),
                fit if is_any_type => (Vec::new(), fit),
                fit => (candidate.algorithms, fit),
            };
            let rank = if is_credential { index } else { index.saturating_add(1 << 16) };
            matches.push((
                rank,
                KeyMatch {
                    path: format!("{list}[{index}]"),
                    name: name.clone(),
                    kid: candidate.kid,
                    algorithms,
                    fit,
                    unknown_variable,
                },
            ));
        }
        matches.sort_by_key(|(rank, _)| *rank);
        matches.into_iter().map(|(_, key)| key).collect()
    }

    fn unknown_variable(&self, credential: &Value) -> Option<String> {
        let source = credential.get("secret").or_else(|| credential.get("public_key"))?;
        let name = source.get("env")?.as_str()?;
        self.assumed.iter().find(|assumed| *assumed == name).cloned()
    }
}

/// Whether the signature was compared.
fn is_compared(fit: Fit) -> bool {
    matches!(fit, Fit::Signed | Fit::BadSignature)
}

fn entries<'c>(config: &'c Value, list: &str) -> impl Iterator<Item = &'c Value> {
    // A host may pass a list with one entry as the entry itself.
    let list = config.get(list);
    let one = list.filter(|list| list.is_object());
    list.and_then(Value::as_array).into_iter().flatten().chain(one)
}

fn text<'v>(entry: &'v Value, member: &str) -> Option<&'v str> {
    entry.get(member).and_then(Value::as_str)
}

#[cfg(test)]
mod tests;
