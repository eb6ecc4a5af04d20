//! Revocation: tokens that are refused although they are good.

use novasphere_core::{BuildContext, Json};

use crate::config::Config;

/// Values of `jti` and `sub` that are refused.
#[derive(Debug)]
pub(crate) struct DeniedTokens {
    /// Sorted.
    jti: Vec<String>,
    /// Sorted.
    sub: Vec<String>,
}

impl DeniedTokens {
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Self {
        let mut sorted = |field: &str, values: &[String]| {
            if let Some(i) = values.iter().position(String::is_empty) {
                cx.fault(format!("denied_tokens.{field}[{i}]"), "is empty");
            }
            let mut values = values.to_vec();
            values.sort_unstable();
            values
        };
        let wire = &config.denied_tokens;
        Self { jti: sorted("jti", &wire.jti), sub: sorted("sub", &wire.sub) }
    }

    /// Whether a token with `claims` is refused. One without the claim is not.
    pub fn has(&self, claims: &Json) -> bool {
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
        // Against RFC 7519, but some issuers number their tokens and subjects.
        Some(Json::Number(number)) => has(&number.to_string()),
        _ => false,
    }
}
