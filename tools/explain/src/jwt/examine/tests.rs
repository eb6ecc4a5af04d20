use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::{Environment, ProxyKind};

const NOW: UnixTime = UnixTime { millis: 1_000_000 };
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn token(header: &Value, claims: &Value) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (header, claims) = (header.to_string(), claims.to_string());
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", encode(&mac.finalize().into_bytes()))
}

fn examine(config: &Value, token: &str, sets: &[KeySetText<'_>]) -> Examination {
    let variables = [("KEY".to_owned(), SECRET.to_owned())].into();
    let environment = Environment { variables, assume_missing: true };
    let proxy = Proxy::new(ProxyKind::Envoy, &environment);
    let examiner = Examiner::new(config.to_string().as_bytes(), &proxy).unwrap();
    examiner.examine(token.as_bytes(), sets, NOW)
}

#[test]
fn credentials_of_one_name_keep_their_place_in_the_file() {
    let config = json!({"credentials": [
        {"key": "z", "secret": {"env": "KEY"}},
        {"key": "a", "kid": "1", "secret": {"env": "KEY"}},
        {"key": "a", "kid": "2", "secret": {"env": "OTHER"}},
    ]});
    let claims = json!({"iss": "a", "exp": 2000});
    let verdict = examine(&config, &token(&json!({"alg": "HS256", "kid": "1"}), &claims), &[]);
    let found: Vec<_> = verdict
        .keys
        .iter()
        .map(|key| (key.path.as_str(), key.kid.as_deref(), key.fit, key.unknown_variable.is_some()))
        .collect();
    assert_eq!(
        found,
        [
            ("credentials[0]", None, Fit::OtherName, false),
            ("credentials[1]", Some("1"), Fit::Signed, false),
            ("credentials[2]", Some("2"), Fit::OtherKid, true),
        ]
    );
    assert!(verdict.is_signature_checked);
    assert_eq!(verdict.decision.name, "allowed");
}

#[test]
fn unknown_secret_leaves_the_signature_unchecked() {
    let config = json!({"credentials": [{"key": "a", "secret": {"env": "OTHER"}}]});
    for (exp, decision) in [(2000, "allowed"), (1000, "expired")] {
        let token = token(&json!({"alg": "HS256"}), &json!({"iss": "a", "exp": exp}));
        let verdict = examine(&config, &token, &[]);
        assert!(!verdict.is_signature_checked);
        assert_eq!(verdict.decision.name, decision);
    }
    // The name decides before the signature.
    let other = token(&json!({"alg": "HS256"}), &json!({"iss": "b", "exp": 2000}));
    let verdict = examine(&config, &other, &[]);
    assert!(verdict.is_signature_checked);
    assert_eq!(verdict.decision.name, "unknown_issuer");
}

/// The token of RFC 7515 appendix A.3, an ES256 signature.
#[test]
fn key_set_of_an_issuer_verifies_its_tokens() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
                 leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFC\
                 gfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let key = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let set = json!({"keys": [key]}).to_string();
    let config = json!({"jwks": [
        {"issuer": "other", "uri": "https://other.example/keys"},
        {"issuer": "joe", "uri": "https://id.example/keys"},
    ]});
    let sets = [KeySetText { issuer: Some("joe"), text: set.as_bytes() }];
    let verdict = examine(&config, token, &sets);
    assert!(verdict.is_signature_checked);
    assert_eq!(verdict.decision.name, "allowed", "{verdict:?}");
    let fits: Vec<_> = verdict.keys.iter().map(|key| (key.path.as_str(), key.fit)).collect();
    assert_eq!(fits, [("jwks[0]", Fit::OtherName), ("jwks[1]", Fit::Signed)]);

    let verdict = examine(&config, token, &[]);
    assert!(!verdict.is_signature_checked);
    assert_eq!((verdict.keys[1].fit, verdict.decision.name), (Fit::NoKeys, "allowed"));
    let forged = token.replace("DtEh", "DtEi");
    let verdict = examine(&config, &forged, &sets);
    assert_eq!((verdict.keys[1].fit, verdict.decision.name), (Fit::BadSignature, "bad_signature"));
}

#[test]
fn faults_of_the_configuration_are_returned() {
    let environment = Environment::default();
    let proxy = Proxy::new(ProxyKind::Envoy, &environment);
    let faults = Examiner::new(b"{}", &proxy).unwrap_err();
    assert_eq!(faults[0].path, "credentials");
}

#[test]
fn unknown_public_key_leaves_the_signature_unchecked() {
    let token = token(&json!({"alg": "ES384"}), &json!({"iss": "a", "exp": 2000}));
    for (algorithm, fit, is_checked) in [
        (json!(null), Fit::BadSignature, false),
        (json!("ES384"), Fit::BadSignature, false),
        (json!("RS256"), Fit::OtherAlgorithm, true),
    ] {
        let mut config = json!({"credentials": [{"key": "a", "public_key": {"env": "OTHER"}}]});
        if !algorithm.is_null() {
            config["credentials"][0]["algorithm"] = algorithm.clone();
        }
        let verdict = examine(&config, &token, &[]);
        let key = &verdict.keys[0];
        assert_eq!((key.fit, verdict.is_signature_checked), (fit, is_checked), "{algorithm}");
        assert_eq!(key.unknown_variable.as_deref(), Some("OTHER"));
        assert_eq!(key.algorithms.is_empty(), algorithm.is_null());
    }
}
