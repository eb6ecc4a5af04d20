//! A key, and the selection of the key that signed a token.

use novasphere_core::{Env, Json};

use crate::{config::Algorithm, decision::Refusal, keys::verifier::Verifier, token::Token};

/// A key with its one algorithm (RFC 8725 section 3.1).
#[derive(Debug)]
pub(crate) struct Key {
    /// The key's identifier among the keys of its owner.
    pub(crate) kid: Option<String>,
    pub(crate) verifier: Verifier,
}

impl Key {
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.verifier.algorithm()
    }

    /// Whether the `kid` of a token's header allows this key. It excludes the key only if both have
    /// one and they differ. A `kid` that is not a string matches no key with a `kid`.
    fn is_allowed_by(&self, kid: Option<&Json>) -> bool {
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

/// The key of `keys` that signed `token`. `kid` selects first, then `alg`.
///
/// At most `tries` of the remaining keys verify the signature. Each verification costs up to a
/// millisecond, and the sender of a token controls how many keys match.
pub(crate) fn signer<'k, K: AsRef<Key>>(
    keys: impl Iterator<Item = &'k K>,
    token: &Token<'_>,
    tries: usize,
    env: &Env<'_>,
) -> Result<&'k K, Refusal> {
    let kid = token.header.get("kid");
    // The refusal of the key that came closest.
    let mut refusal = Refusal::UnknownKey;
    let mut tried = 0;
    for candidate in keys {
        let key = candidate.as_ref();
        if !key.is_allowed_by(kid) {
            continue;
        }
        if !key.algorithm().has_name(token.algorithm()) {
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
