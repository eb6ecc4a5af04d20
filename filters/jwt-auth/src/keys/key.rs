//! A key, and the selection of the key that signed a token.

use novasphere_core::{
    Env, Json,
    trace::{self, Note},
};

use crate::{
    config::Algorithm,
    decision::Refusal,
    keys::{tries::Tries, verifier::Verifier},
    rejection::{Rejection, claim_excerpt, excerpt, excerpts},
    token::Token,
};

/// A key with its one algorithm (RFC 8725 section 3.1).
#[derive(Debug)]
pub(crate) struct Key {
    /// The key's identifier among the keys of its owner.
    pub(crate) kid: Option<String>,
    /// The only `iss` whose tokens it may sign, if the issuer's keys belong to several tenants.
    pub(crate) issuer: Option<String>,
    pub(crate) verifier: Verifier,
}

impl Key {
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.verifier.algorithm()
    }

    /// Whether key and token have the same `kid`, or both have none. A `kid` that is not a string
    /// matches no key.
    pub(crate) fn is_named_by(&self, kid: Option<&Json>) -> bool {
        match (&self.kid, kid) {
            (Some(own), Some(kid)) => kid.as_str() == Some(own),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Key {
    /// The note about the key as a candidate that does not match.
    fn note(&self, found: &str) -> Note {
        let kid = self.kid.as_deref().map_or_else(|| "without kid".to_owned(), excerpt);
        let algorithm = self.algorithm().name();
        Note::new(format!("key {kid} ({algorithm})")).found(found).matches(false)
    }
}

impl AsRef<Key> for Key {
    fn as_ref(&self) -> &Key {
        self
    }
}

/// The key of `keys` that signed `token`. `kid` selects first (RFC 7515 section 4.1.4), then `alg`.
/// The keys that remain are tried in their order:
///
/// 1. the keys with the token's `kid`, or for a token without `kid`, the keys without one;
/// 2. the other keys if the token has no `kid`; the keys without `kid` if it has one and
///    `unnamed_fit_any` is set.
pub(crate) fn signer<'k, K: AsRef<Key>>(
    keys: impl Iterator<Item = &'k K> + Clone,
    unnamed_fit_any: bool,
    token: &Token<'_>,
    tries: &mut Tries,
    env: &Env<'_>,
) -> Result<&'k K, Refusal> {
    let kid = token.header.get("kid");
    let named = keys.clone().filter(|key| key.as_ref().is_named_by(kid));
    let others = keys.filter(|key| match (&key.as_ref().kid, kid) {
        (Some(_), None) => true,
        (None, Some(_)) => unnamed_fit_any,
        _ => false,
    });
    // The refusal of the key that came closest.
    let mut refusal = Refusal::UnknownKid;
    for candidate in named.chain(others) {
        let key = candidate.as_ref();
        if !key.algorithm().has_name(token.algorithm()) {
            trace::note(|| key.note("is for another algorithm"));
            if refusal == Refusal::UnknownKid {
                refusal = Refusal::AlgorithmMismatch;
            }
            continue;
        }
        refusal = Refusal::BadSignature;
        if !tries.take(key.algorithm()) {
            trace::note(|| key.note("is not tried, because too many keys were tried before"));
            break;
        }
        if key.verifier.verifies(token.signed, &token.signature, env) {
            trace::note(|| key.note("verifies the signature").matches(true));
            return Ok(candidate);
        }
        trace::note(|| key.note("does not verify the signature"));
    }
    Err(refusal)
}

/// The rejection of a token that no key of `keys` signed.
pub(crate) fn rejection<'k>(
    refusal: Refusal,
    keys: impl Iterator<Item = &'k Key>,
    token: &Token<'_>,
) -> Rejection {
    let member = |name| format!("{name} {}", claim_excerpt(token.header.get(name)));
    let kid = token.header.get("kid");
    match refusal {
        Refusal::UnknownKid => {
            let mut kids: Vec<&str> = keys.filter_map(|key| key.kid.as_deref()).collect();
            kids.dedup();
            refusal.found(member("kid")).expected(excerpts(kids))
        }
        Refusal::AlgorithmMismatch => {
            let keys = keys.filter(|key| kid.is_none() || key.is_named_by(kid));
            let algorithms = algorithms(keys.map(Key::algorithm));
            let found = format!("{}, {}", member("alg"), member("kid"));
            refusal.found(found).expected(format!("{algorithms} for this kid"))
        }
        _ => refusal.found(format!("{}, {}", member("alg"), member("kid"))),
    }
}

/// The rejection of a token whose `alg` is not one of `allowed`.
pub(crate) fn algorithm_rejection(
    allowed: impl Iterator<Item = Algorithm>,
    token: &Token<'_>,
) -> Rejection {
    let found = format!("alg {}", claim_excerpt(token.header.get("alg")));
    Refusal::AlgorithmNotAllowed.found(found).expected(algorithms(allowed))
}

/// The names of these algorithms, each once.
fn algorithms(algorithms: impl Iterator<Item = Algorithm>) -> String {
    let algorithms: Vec<Algorithm> = algorithms.collect();
    let all = Algorithm::ALL.into_iter();
    excerpts(all.filter(|algorithm| algorithms.contains(algorithm)).map(Algorithm::name))
}
