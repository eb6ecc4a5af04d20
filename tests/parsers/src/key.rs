//! Keys: PEM text, JSON Web Keys and key sets.

use novasphere_jwt_auth::inspect::{key_set, parse_jwk, parse_pem};

/// No input panics, and a public key has an algorithm.
pub(crate) fn check(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let keys = [parse_pem(&text), parse_jwk(input)];
    for key in keys.iter().flatten() {
        assert!(!key.algorithms.is_empty(), "a key without an algorithm: {text}");
    }
    let set = [br#"{"keys": ["#, input, b"]}"].concat();
    for json in [input, &set] {
        let facts = key_set(json, "https://issuer.test", None);
        assert!(facts.is_ok(), "the issuer is valid");
    }
    keys.iter().any(Result::is_ok)
}
