//! Names of keys.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use novasphere_jwt_auth::inspect::KeyFacts;
use sha2::{Digest, Sha256};

/// The SHA-256 thumbprint of a public key (RFC 7638 section 3). `None` for a secret, whose thumbprint
/// would help to guess it.
pub fn thumbprint(key: &KeyFacts) -> Option<String> {
    if key.public_members.is_empty() {
        return None;
    }
    let member = |(name, value): &(&str, String)| format!("\"{name}\":\"{value}\"");
    let members: Vec<String> = key.public_members.iter().map(member).collect();
    let digest = Sha256::digest(format!("{{{}}}", members.join(",")));
    Some(BASE64_URL_SAFE_NO_PAD.encode(digest))
}

#[cfg(test)]
mod tests {
    use novasphere_jwt_auth::inspect::parse_jwk;

    use super::*;

    /// RFC 7638 section 3.1.
    #[test]
    fn rsa_thumbprint_equals_the_example_of_the_rfc() {
        let jwk = r#"{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}"#;
        let key = parse_jwk(jwk.as_bytes()).unwrap();
        assert_eq!(
            thumbprint(&key).as_deref(),
            Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        );
    }

    /// RFC 8037 appendix A.3.
    #[test]
    fn ed25519_thumbprint_equals_the_example_of_the_rfc() {
        let jwk = r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let key = parse_jwk(jwk.as_bytes()).unwrap();
        assert_eq!(
            thumbprint(&key).as_deref(),
            Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        );
    }

    #[test]
    fn secret_has_no_thumbprint() {
        let key = parse_jwk(br#"{"kty": "oct", "k": "AAAA"}"#).unwrap();
        assert_eq!(thumbprint(&key), None);
    }
}
