//! Keys, and which of several a token is signed with.

use novasphere_core::{Env, Json};

use crate::{
    config::algorithm::Algorithm, decision::Refusal, keys::verifier::Verifier, token::Token,
};

/// A key with its name and its one algorithm (RFC 8725 section 3.1).
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name among the keys of its owner.
    pub kid: Option<String>,
    /// Verifies its signatures.
    pub verifier: Verifier,
}

impl Key {
    /// The algorithm it is for.
    pub fn algorithm(&self) -> Algorithm {
        self.verifier.algorithm()
    }

    /// Whether a token whose header has this `kid` may be signed with it: not when both have one and
    /// they differ. What is no string is nobody's name.
    fn is_meant(&self, kid: Option<&Json>) -> bool {
        match (&self.kid, kid) {
            (Some(own), Some(kid)) => kid.as_str() == Some(own),
            _ => true,
        }
    }
}

impl AsRef<Key> for Key {
    fn as_ref(&self) -> &Key {
        self
    }
}

/// The one of `keys` that `token` is signed with. `kid` chooses, then `alg`; of what is left, at
/// most `tries` try the signature: each costs up to a millisecond, and whoever sends a token decides
/// what it names.
pub(crate) fn signer_of<'k, K: AsRef<Key>>(
    keys: impl Iterator<Item = &'k K>,
    token: &Token<'_>,
    tries: usize,
    env: &Env<'_>,
) -> Result<&'k K, Refusal> {
    let kid = token.header.get("kid");
    // What is known of the best key so far.
    let mut refusal = Refusal::UnknownKey;
    let mut tried = 0;
    for candidate in keys {
        let key = candidate.as_ref();
        if !key.is_meant(kid) {
            continue;
        }
        if !key.algorithm().is_called(token.algorithm()) {
            if refusal == Refusal::UnknownKey {
                refusal = Refusal::AlgorithmMismatch;
            }
        } else if tried == tries {
            break;
        } else if key.verifier.verifies(token.signed, &token.signature, env) {
            return Ok(candidate);
        } else {
            tried += 1;
            refusal = Refusal::BadSignature;
        }
    }
    Err(refusal)
}
