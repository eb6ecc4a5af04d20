//! Tokens for the tests of several filters.

use anyhow::Result;
use novasphere_harness::chain;
use novasphere_tests::cases::{TokenSpec, mint};
use serde_json::{Value, json};

/// The value of `Authorization` with a token for ten minutes and these claims.
pub(crate) fn bearer(claims: Value) -> Result<String> {
    let mut all = json!({"iss": "novasphere-user", "exp": "now+600"});
    if let (Value::Object(all), Value::Object(more)) = (&mut all, claims) {
        all.extend(more);
    }
    let token: TokenSpec = serde_json::from_value(json!({
        "algorithm": "HS256",
        "secret": {"env": "NOVASPHERE_JWT_SECRET"},
        "claims": all,
    }))?;
    Ok(format!("Bearer {}", mint(&token, &chain::environment()?)?))
}
