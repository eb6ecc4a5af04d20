//! Revocation: valid tokens that are rejected.

use novasphere_core::Json;

use crate::{
    decision::Refusal,
    rejection::{Rejection, claim_excerpt},
};

/// Denied values of `jti` and `sub`.
#[derive(Debug)]
pub(crate) struct DeniedTokens {
    /// Sorted.
    jti: Vec<String>,
    /// Sorted.
    sub: Vec<String>,
}

impl DeniedTokens {
    pub(crate) fn new(mut jti: Vec<String>, mut sub: Vec<String>) -> Self {
        jti.sort_unstable();
        sub.sort_unstable();
        Self { jti, sub }
    }

    /// Whether no token is denied.
    pub(crate) fn is_empty(&self) -> bool {
        self.jti.is_empty() && self.sub.is_empty()
    }

    /// Checks that the token is not denied. A token without the claims is not.
    pub(crate) fn check(&self, claims: &Json) -> Result<(), Rejection> {
        for (name, denied) in [("jti", &self.jti), ("sub", &self.sub)] {
            let claim = claims.get(name);
            if is_listed(denied, claim) {
                return Err(Refusal::Denied.found(format!("{name} {}", claim_excerpt(claim))));
            }
        }
        Ok(())
    }
}

fn is_listed(sorted: &[String], claim: Option<&Json>) -> bool {
    if sorted.is_empty() {
        return false;
    }
    let has = |text: &str| sorted.binary_search_by(|value| value.as_str().cmp(text)).is_ok();
    match claim {
        Some(Json::String(text)) => has(text),
        // RFC 7519 requires strings, but some issuers number their tokens and subjects. Parsing
        // loses the text of a fraction or of a number outside 64 bits, so it may be a denied one.
        Some(Json::Number(number)) => number.is_f64() || has(&number.to_string()),
        _ => false,
    }
}
