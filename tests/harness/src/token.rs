//! JSON Web Tokens in compact serialisation (RFC 7515), signed with HS256.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use novasphere_cases::signing_input;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::clock;

/// Returns a token signed with HS256. Dates in the claims are replaced as by `signing_input`.
///
/// # Errors
/// Never fails: HMAC accepts keys of any length.
pub fn hs256(claims: Value, secret: &[u8]) -> Result<String> {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let message = signing_input(header, claims, clock::unix_seconds());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).context("invalid HMAC key")?;
    mac.update(message.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Ok(format!("{message}.{signature}"))
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
}
