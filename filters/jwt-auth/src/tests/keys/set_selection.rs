//! The key of a set that is selected for a token.

use super::{super::*, ed25519, key_set::jwk, vectors};
use crate::{
    config::Algorithm,
    decision::Refusal,
    keys::{key::Key, key_set, remote::issuer::Issuer, tries::Tries},
    token::Token,
};

/// The keys of a set without warnings.
fn set(keys: &[String], allowed: &[Algorithm]) -> Vec<Key> {
    let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    let mut warn = |warning| panic!("{warning}");
    key_set::parse(set.as_bytes(), &Issuer::exact("k"), allowed, &mut warn).unwrap()
}

fn default_set(keys: &[String]) -> Vec<Key> {
    set(keys, &Algorithm::DEFAULT_FOR_KEY_SETS)
}

fn signer<'k>(keys: &'k [Key], token: &str) -> Result<&'k Key, Refusal> {
    let token = Token::parse(token.as_bytes(), usize::MAX).unwrap();
    let (mut tries, host) = (Tries::new(), TestHost::default());
    key_set::signer(keys, "k", &token, &mut tries, &host.env())
        .map_err(|rejection| rejection.refusal)
}

/// The index of the key that signed the token.
fn index(keys: &[Key], token: &str) -> Result<usize, Refusal> {
    let signer = signer(keys, token)?;
    Ok(keys.iter().position(|key| std::ptr::eq(key, signer)).unwrap())
}

/// A token with this header, signed with the key of a seed.
fn signed_by(seed: u8, header: &str) -> String {
    ed25519::token(seed, header, r#"{"iss": "k"}"#)
}

#[test]
fn kid_then_algorithm_select_the_key() {
    let keys = [jwk("rsa2048", ""), ed25519::jwk(1, ""), ed25519::jwk(2, "")];
    let keys = default_set(&keys);
    let token = signed_by(2, r#"{"alg": "EdDSA"}"#);
    assert_eq!(index(&keys, &token), Ok(2));
    assert_eq!(index(&keys[..2], &token), Err(Refusal::BadSignature));
    assert_eq!(index(&keys[..1], &token), Err(Refusal::AlgorithmMismatch));
    // Without any kid in the set, a token may have one.
    assert_eq!(index(&keys, &signed_by(2, r#"{"alg": "EdDSA", "kid": "x"}"#)), Ok(2));

    let keys =
        [(1, "a"), (2, "b")].map(|(n, kid)| ed25519::jwk(n, &format!(r#", "kid": "{kid}""#)));
    let keys = default_set(&keys);
    for (seed, kid, expected) in [
        (2, r#""b""#, Ok(1)),
        (2, r#""a""#, Err(Refusal::BadSignature)),
        (2, r#""c""#, Err(Refusal::UnknownKid)),
        (2, "7", Err(Refusal::UnknownKid)),
        (2, "null", Err(Refusal::UnknownKid)),
    ] {
        let header = format!(r#"{{"alg": "EdDSA", "kid": {kid}}}"#);
        assert_eq!(index(&keys, &signed_by(seed, &header)), expected, "{kid}");
    }
    assert_eq!(index(&keys, &token), Ok(1));
}

#[test]
fn keys_of_one_kid_differ_by_type_and_algorithm() {
    let kid = r#", "kid": "a""#;
    let keys = [jwk("rsa2048", kid), ed25519::jwk(1, kid), jwk("p256", kid), ed25519::jwk(2, kid)];
    let keys = default_set(&keys);
    // Two keys with the same kid and algorithm are both tried.
    for (seed, expected) in [(1, Ok(1)), (2, Ok(3)), (3, Err(Refusal::BadSignature))] {
        assert_eq!(index(&keys, &signed_by(seed, r#"{"alg": "EdDSA", "kid": "a"}"#)), expected);
    }
    let other_alg = signed_by(1, r#"{"alg": "ES384", "kid": "a"}"#);
    assert_eq!(index(&keys, &other_alg), Err(Refusal::AlgorithmMismatch));
}

#[test]
fn keys_without_kid_may_be_beside_others() {
    let keys = [ed25519::jwk(1, r#", "kid": "a""#), ed25519::jwk(2, "")];
    let keys = default_set(&keys);
    for (seed, header, expected) in [
        (1, r#"{"alg": "EdDSA", "kid": "a"}"#, Ok(0)),
        (2, r#"{"alg": "EdDSA"}"#, Ok(1)),
        (1, r#"{"alg": "EdDSA"}"#, Ok(0)),
        (2, r#"{"alg": "EdDSA", "kid": "a"}"#, Err(Refusal::BadSignature)),
        // The key without kid may be old: a newer set may have the kid.
        (2, r#"{"alg": "EdDSA", "kid": "b"}"#, Err(Refusal::UnknownKid)),
    ] {
        assert_eq!(index(&keys, &signed_by(seed, header)), expected, "{seed} {header}");
    }
}

#[test]
fn token_is_tried_with_a_bounded_number_of_keys() {
    let token = signed_by(9, r#"{"alg": "EdDSA"}"#);
    let keys = |others: std::ops::Range<u8>| -> Vec<Key> {
        let keys: Vec<String> = others.chain([9]).map(|seed| ed25519::jwk(seed, "")).collect();
        let (allowed, issuer) = ([Algorithm::EdDsa], Issuer::exact("k"));
        let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
        key_set::parse(set.as_bytes(), &issuer, &allowed, &mut |_| {}).unwrap()
    };
    assert_eq!(index(&keys(0..7), &token), Ok(7));
    assert_eq!(index(&keys(0..8), &token), Err(Refusal::BadSignature));

    let ps256 = vectors::valid_token("PS256");
    let allowed = [Algorithm::Ps256];
    let keys = [jwk("rsa2048-other", ""), jwk("rsa2048", "")];
    assert_eq!(index(&set(&keys, &allowed), &ps256), Ok(1));
    // Two slow keys were tried.
    let names = ["rsa2048-other", "rsa3072", "rsa2048"];
    let keys = names.map(|name| jwk(name, &format!(r#", "kid": "{name}""#)));
    assert_eq!(index(&set(&keys, &allowed), &ps256), Err(Refusal::BadSignature));
}

#[test]
fn key_of_another_tenant_does_not_sign() {
    let template = "https://id.test/{tid}/v2.0";
    let member = |seed, kid: &str, issuer: &str| {
        ed25519::jwk(seed, &format!(r#", "kid": "{kid}", "issuer": {issuer}"#))
    };
    let keys = [
        member(1, "any", r#""https://id.test/{tenantid}/v2.0""#),
        member(2, "a", r#""https://id.test/a/v2.0""#),
        member(3, "absent", "null"),
        member(4, "other", r#""https://other.test/{tenantid}/v2.0""#),
        member(5, "deeper", r#""https://id.test/a/b/v2.0""#),
        member(6, "number", "7"),
    ];
    let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    let mut warnings = Vec::new();
    let mut warn = |warning| warnings.push(warning);
    let allowed = &Algorithm::DEFAULT_FOR_KEY_SETS;
    let keys =
        key_set::parse(set.as_bytes(), &Issuer::parse(template).unwrap(), allowed, &mut warn)
            .unwrap();
    let other = |kid: &str, i: u8, issuer: &str| {
        format!(
            "the key '{kid}' (keys[{i}]) is not used: it is of another issuer: its member \"issuer\" \
             is '{issuer}'"
        )
    };
    assert_eq!(
        warnings,
        [
            other("other", 3, "https://other.test/{tenantid}/v2.0"),
            other("deeper", 4, "https://id.test/a/b/v2.0"),
            r#"the key 'number' (keys[5]) is not used: it has a member "issuer" that is not a string"#
                .to_owned(),
        ]
    );
    let signed = |seed: u8, kid: &str, iss: &str| {
        let token = signed_by(seed, &format!(r#"{{"alg": "EdDSA", "kid": "{kid}"}}"#));
        let token = Token::parse(token.as_bytes(), usize::MAX).unwrap();
        let host = TestHost::default();
        key_set::signer(&keys, iss, &token, &mut Tries::new(), &host.env())
            .map(drop)
            .map_err(|rejection| rejection.refusal)
    };
    for iss in ["https://id.test/a/v2.0", "https://id.test/b/v2.0"] {
        assert_eq!(signed(1, "any", iss), Ok(()));
        assert_eq!(signed(3, "absent", iss), Ok(()));
    }
    assert_eq!(signed(2, "a", "https://id.test/a/v2.0"), Ok(()));
    assert_eq!(signed(2, "a", "https://id.test/b/v2.0"), Err(Refusal::UnknownKid));
}

#[test]
fn key_that_two_tenants_share_signs_for_both() {
    let member = |tenant: &str| {
        let issuer = format!("https://id.test/{tenant}/v2.0");
        ed25519::jwk(1, &format!(r#", "kid": "k", "issuer": "{issuer}""#))
    };
    let set = format!(r#"{{"keys": [{}, {}]}}"#, member("a"), member("b"));
    let issuer = Issuer::parse("https://id.test/{tid}/v2.0").unwrap();
    let keys = key_set::parse(set.as_bytes(), &issuer, &[Algorithm::EdDsa], &mut |_| {}).unwrap();
    let token = signed_by(1, r#"{"alg": "EdDSA", "kid": "k"}"#);
    let token = Token::parse(token.as_bytes(), usize::MAX).unwrap();
    let signs = |tenant: &str| {
        let iss = format!("https://id.test/{tenant}/v2.0");
        let host = TestHost::default();
        key_set::signer(&keys, &iss, &token, &mut Tries::new(), &host.env()).is_ok()
    };
    assert!(signs("a") && signs("b") && !signs("c"));
}
