//! The credentials that are tried for a token, and the details of rejections.

use super::{super::*, credential::warnings, ed25519, vectors, vectors::key};

/// The attribute with the detail of a rejection.
fn detail(outcome: &Outcome) -> String {
    let attributes = outcome.host.attributes.borrow();
    attributes.get("jwt_auth_detail").map(|value| text(value)).unwrap_or_default()
}

/// A credential of `k` with the Ed25519 key of a seed, and `more` fields.
fn credential(seed: u8, more: &str) -> String {
    let consumer = format!(r#""consumer": {{"id": "{seed}"}}"#);
    format!(r#"{{"key": "k", "jwk": {}, {consumer}{more}}}"#, ed25519::jwk(seed, ""))
}

fn config(credentials: &[String]) -> String {
    format!(r#"{{"credentials": [{}], "claims_to_verify": []}}"#, credentials.join(", "))
}

/// The reason for a token of this seed, and the consumer.
fn outcome(credentials: &[String], seed: u8, header: &str) -> (&'static str, Option<String>) {
    let filter = configure(&config(credentials)).unwrap();
    let outcome = bearer(&filter, &ed25519::token(seed, header, r#"{"iss": "k"}"#));
    let lines = outcome.lines.iter();
    let consumer = lines.filter_map(|line| line.strip_prefix("x-consumer-id: ")).next();
    (outcome.reason, consumer.map(str::to_owned))
}

const EDDSA: &str = r#"{"alg": "EdDSA"}"#;

#[test]
fn last_credentials_are_tried_first_and_at_most_eight() {
    let credentials: Vec<String> = (0..9).map(|seed| credential(seed, "")).collect();
    assert_eq!(outcome(&credentials, 8, EDDSA), ("allowed", Some("8".to_owned())));
    assert_eq!(outcome(&credentials, 1, EDDSA), ("allowed", Some("1".to_owned())));
    // Eight keys were tried.
    assert_eq!(outcome(&credentials, 0, EDDSA), ("bad_signature", None));
    assert_eq!(outcome(&credentials[..8], 0, EDDSA), ("allowed", Some("0".to_owned())));
}

#[test]
fn at_most_two_keys_are_tried_for_rsa_pss() {
    let credential = |name: &str| {
        format!(r#"{{"key": "k", "algorithm": "PS256", "jwk": {}}}"#, key(name, "jwk"))
    };
    let names = ["rsa2048", "rsa2048-other", "rsa3072"].map(credential);
    let token = vectors::valid_token("PS256");
    for (keys, expected) in [(&names[..2], "allowed"), (&names[..], "bad_signature")] {
        assert_eq!(reason(&configure(&config(keys)).unwrap(), &token), expected);
    }
    assert_eq!(
        warnings(&config(&names)),
        [
            "credentials: a token of \"k\" may need 3 PS256 keys, but only the last 2 are tried: give \
          each of them its kid, or remove old ones"
        ]
    );
    assert_eq!(warnings(&config(&names[..2])), [""; 0]);
}

#[test]
fn credentials_with_the_kid_of_the_token_are_tried_first() {
    let mut credentials = vec![credential(0, r#", "kid": "a""#)];
    credentials.extend((1..9).map(|seed| credential(seed, "")));
    let named = r#"{"alg": "EdDSA", "kid": "a"}"#;
    assert_eq!(outcome(&credentials, 0, named), ("allowed", Some("0".to_owned())));
    // The credentials without kid take all tries.
    assert_eq!(outcome(&credentials, 0, EDDSA), ("bad_signature", None));
    assert_eq!(outcome(&credentials, 3, named), ("allowed", Some("3".to_owned())));
}

#[test]
fn warns_only_of_credentials_that_need_a_kid() {
    let credentials: Vec<String> = (0..9).map(|seed| credential(seed, "")).collect();
    let expected = "credentials: a token of \"k\" may need 9 EdDSA keys, but only the last 8 are \
                    tried: give each of them its kid, or remove old ones";
    assert_eq!(warnings(&config(&credentials)), [expected]);
    assert_eq!(warnings(&config(&credentials[..8])), [""; 0]);
    let named = |seed: u8| credential(seed, &format!(r#", "kid": "{seed}""#));
    let named: Vec<String> = (0..20).map(named).collect();
    assert_eq!(warnings(&config(&named)), [""; 0]);
}

#[test]
fn detail_says_which_key_is_missing() {
    let config = format!(
        r#"{{"credentials": [
            {{"key": "k", "kid": "a", "jwk": {}}},
            {{"key": "k", "kid": "b", "jwk": {}}},
            {{"key": "j", "secret": {{"env": "SECRET"}}}}
        ], "claims_to_verify": [], "verbose_errors": true}}"#,
        ed25519::jwk(1, ""),
        key("p256", "jwk")
    );
    let filter = configure(&config).unwrap();
    for (header, claims, expected, expected_detail, client) in [
        (
            EDDSA,
            r#"{"iss": "x\n"}"#,
            "unknown_issuer",
            "iss is 'x%0A'; expected 'j', 'k'",
            "No credentials found for given 'iss': iss is 'x%0A'",
        ),
        (
            r#"{"alg": "none"}"#,
            r#"{"iss": "k"}"#,
            "algorithm_not_allowed",
            "alg is 'none'; expected 'ES256', 'EdDSA'",
            "Invalid algorithm: alg is 'none'",
        ),
        (
            r#"{"alg": "EdDSA", "kid": "c"}"#,
            r#"{"iss": "k"}"#,
            "unknown_kid",
            "kid is 'c'; expected 'b', 'a'",
            "No key found for given 'kid': kid is 'c'",
        ),
        (
            r#"{"alg": "EdDSA", "kid": "b"}"#,
            r#"{"iss": "k"}"#,
            "algorithm_mismatch",
            "alg is 'EdDSA', kid is 'b'; expected 'ES256' for this kid",
            "Invalid algorithm: alg is 'EdDSA', kid is 'b'",
        ),
        (
            EDDSA,
            r#"{"iss": "k"}"#,
            "bad_signature",
            "alg is 'EdDSA', kid is missing",
            "Invalid signature: alg is 'EdDSA', kid is missing",
        ),
    ] {
        let outcome = bearer(&filter, &ed25519::token(9, header, claims));
        assert_eq!((outcome.reason, detail(&outcome).as_str()), (expected, expected_detail));
        let (_, body) = outcome.body.unwrap();
        assert_eq!(body, format!(r#"{{"message":"{client}"}}"#));
    }
}

#[test]
fn detail_names_a_missing_issuer() {
    let filter = configure(&config(&[credential(1, "")])).unwrap();
    let outcome = bearer(&filter, &ed25519::token(1, EDDSA, "{}"));
    assert_eq!(outcome.reason, "unknown_issuer");
    assert_eq!(detail(&outcome), "iss is missing; expected 'k'");
}
