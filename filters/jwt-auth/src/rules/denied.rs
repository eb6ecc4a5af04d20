//! Revocation: valid tokens that are refused.

use novasphere_core::Json;

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

    /// Whether a token with `claims` is denied. A token without the claim is not.
    pub(crate) fn contains(&self, claims: &Json) -> bool {
        is_listed(&self.jti, claims.get("jti")) || is_listed(&self.sub, claims.get("sub"))
    }
}

fn is_listed(sorted: &[String], claim: Option<&Json>) -> bool {
    if sorted.is_empty() {
        return false;
    }
    let has = |text: &str| sorted.binary_search_by(|value| value.as_str().cmp(text)).is_ok();
    match claim {
        Some(Json::String(text)) => has(text),
        // RFC 7519 requires strings, but some issuers number their tokens and subjects.
        Some(Json::Number(number)) => has(&number.to_string()),
        _ => false,
    }
}
