//! JSON Web Tokens in compact serialisation (RFC 7515), signed with HS256.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::clock;

/// Returns a token signed with HS256. Dates in the claims are replaced as by [`signing_input`].
///
/// # Errors
/// Never fails: HMAC accepts keys of any length.
pub fn hs256(claims: Value, secret: &[u8]) -> Result<String> {
    let message = signing_input(json!({"alg": "HS256", "typ": "JWT"}), claims);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).context("invalid HMAC key")?;
    mac.update(message.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("{message}.{signature}"))
}

/// Returns the JWS signing input. Replaces the strings `now`, `now+600` and `now-5` anywhere in the
/// claims with a `NumericDate`.
pub fn signing_input(header: Value, claims: Value) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(with_dates(claims)))
}

fn with_dates(value: Value) -> Value {
    match value {
        Value::String(text) => match date(&text) {
            Some(date) => date.into(),
            None => text.into(),
        },
        Value::Array(items) => items.into_iter().map(with_dates).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, with_dates(value))).collect()
        }
        other => other,
    }
}

fn date(text: &str) -> Option<i64> {
    let offset = text.strip_prefix("now")?;
    let offset: i64 = if offset.is_empty() {
        0
    } else if offset.starts_with(['+', '-']) {
        offset.parse().ok()?
    } else {
        return None;
    };
    i64::try_from(clock::unix_seconds()).ok()?.checked_add(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_with_hmac_sha256() {
        let token = hs256(json!({"iss": "joe"}), b"k").unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        assert_eq!(decode(parts[0]), br#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(decode(parts[1]), br#"{"iss":"joe"}"#);
        assert_eq!(decode(parts[2]).len(), 32);
    }

    #[test]
    fn dates_are_relative() {
        let now = i64::try_from(clock::unix_seconds()).unwrap();
        assert!((date("now+600").unwrap() - now - 600).abs() <= 1);
        assert!((date("now-5").unwrap() - now + 5).abs() <= 1);
        assert!(date("now").is_some());
        assert_eq!(date("nowhere"), None);
        assert_eq!(date("now+x"), None);
    }
}
