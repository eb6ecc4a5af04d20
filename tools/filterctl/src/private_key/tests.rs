use novasphere_explain::jwt::parse_pem;
use serde_json::Value;

use super::*;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn pem(name: &str, form: &str) -> String {
    vectors()[name][form].as_str().unwrap().to_owned()
}

#[test]
fn public_key_of_each_private_key_equals_the_published_one() {
    for name in ["rsa2048", "rsa3072", "rsa4096-e3", "p256", "p384", "p521", "ed25519"] {
        let key = PrivateKey::parse(&pem(name, "private")).unwrap();
        let published = parse_pem(&pem(name, "spki")).unwrap();
        assert_eq!(key.public().unwrap().spki, published.spki, "{name}");
        assert_eq!(parse_pem(&pem_of_spki(&published.spki)).unwrap(), published, "{name}");
        let again = PrivateKey::parse(&key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(again.public().unwrap().spki, published.spki, "{name}");
    }
}

#[test]
fn generated_keys_are_new_and_accepted() {
    for key_type in
        [KeyType::Rsa(2048), KeyType::P256, KeyType::P384, KeyType::P521, KeyType::Ed25519]
    {
        let key = PrivateKey::generate(key_type).unwrap();
        assert_eq!(key.key_type(), key_type);
        let public = key.public().unwrap();
        let other = PrivateKey::generate(key_type).unwrap().public().unwrap();
        assert_ne!(public.spki, other.spki, "{key_type:?}");
        let jwk = key.public_jwk(key.algorithms()[0], Some("a")).unwrap();
        assert_eq!(jwk["kid"], "a");
        assert!(jwk.get("d").is_none() && jwk.get("p").is_none());
    }
}

#[test]
fn private_jwks_are_read() {
    // RFC 8037 appendix A.1.
    let jwk = r#"{"kty":"OKP","crv":"Ed25519",
        "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let public = PrivateKey::parse(jwk).unwrap().public().unwrap();
    assert_eq!(public.public_members[2].1, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    // RFC 7517 appendix A.2.
    let jwk = r#"{"kty":"EC","crv":"P-256",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}"#;
    let public = PrivateKey::parse(jwk).unwrap().public().unwrap();
    assert_eq!(public.public_members[2].1, "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
}

#[test]
fn errors_quote_no_key() {
    let secret = "c2VjcmV0LXNlY3JldA";
    for (text, expected) in [
        (format!("{secret}\n"), "not a private key"),
        (
            format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----"),
            "is not an RSA",
        ),
        (format!("-----BEGIN PRIVATE KEY-----\n{secret}\n"), "no END line"),
        (
            format!(
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{secret}\n-----END ENCRYPTED PRIVATE KEY-----"
            ),
            "openssl pkey",
        ),
        (
            format!(
                "-----BEGIN OPENSSH PRIVATE KEY-----\n{secret}\n-----END OPENSSH PRIVATE KEY-----"
            ),
            "ssh-keygen",
        ),
        (pem("p256", "spki"), "no private key"),
        (pem("ed448", "private"), "is not an RSA"),
        (format!(r#"{{"kty": "oct", "k": "{secret}"}}"#), "--env"),
        (format!(r#"{{"kty": "EC", "crv": "P-256", "d": "{secret}"}}"#), "\"d\" is not valid"),
        (format!(r#"{{"kty": "EC" "{secret}"}}"#), "is not JSON"),
    ] {
        let error = format!("{:#}", PrivateKey::parse(&text).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains(secret), "{error}");
    }
}

#[test]
fn keys_sign_with_their_own_algorithms_only() {
    let key = PrivateKey::parse(&pem("p256", "private")).unwrap();
    let error = key.sign("ES384", b"x").unwrap_err().to_string();
    assert_eq!(error, "an EC key on P-256 signs with ES256, not with ES384");
    assert!(sign_hmac(b"x", "RS256", b"x").is_err());
    assert_eq!(format!("{key:?}"), "an EC key on P-256");
}
