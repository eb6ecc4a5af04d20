//! The keys of a set that are usable, and the warnings about them.

use super::{ed25519, vectors::key};
use crate::{
    config::Algorithm,
    keys::{
        document::NotJson,
        key::Key,
        key_set::{self, InvalidKeySet, MAX_KEYS},
        remote::issuer::Issuer,
    },
};

/// The JWK of a vector key, with `more` members.
pub(super) fn jwk(name: &str, more: &str) -> String {
    let jwk = key(name, "jwk");
    format!("{}{more}}}", jwk.strip_suffix('}').unwrap())
}

/// The `kid` and algorithm of each key.
type Names = Vec<(Option<String>, &'static str)>;

/// The keys of a set, and the warnings.
fn parse(keys: &[String], allowed: &[Algorithm]) -> (Result<Names, String>, Vec<String>) {
    let mut warnings = Vec::new();
    let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    let mut warn = |warning| warnings.push(warning);
    let keys = key_set::parse(set.as_bytes(), &Issuer::exact("k"), allowed, &mut warn);
    let names = |keys: Vec<Key>| {
        keys.into_iter().map(|key| (key.kid.clone(), key.algorithm().name())).collect()
    };
    (keys.map(names).map_err(|error| error.to_string()), warnings)
}

#[test]
fn key_without_alg_gets_allowed_algorithms_of_its_type() {
    let keys = ["rsa2048", "p256", "p384", "p521", "ed25519"];
    let keys: Vec<String> = keys.iter().map(|name| jwk(name, "")).collect();
    let named = |names: &[&'static str]| Ok(names.iter().map(|name| (None, *name)).collect());
    assert_eq!(
        parse(&keys, &Algorithm::DEFAULT_FOR_KEY_SETS),
        (named(&["RS256", "ES256", "ES384", "ES512", "EdDSA"]), vec![])
    );
    let allowed = [Algorithm::Rs256, Algorithm::Ps512];
    assert_eq!(parse(&keys[..1], &allowed), (named(&["RS256", "PS512"]), vec![]));
}

#[test]
fn skips_unusable_keys_with_a_reason() {
    let keys = [
        jwk("rsa2048", r#", "kid": "good", "use": "sig", "key_ops": ["verify"], "x5c": [""]"#),
        jwk("p256", r#", "kid": "good", "use": "enc""#),
        jwk("p256", r#", "kid": "ops", "key_ops": ["sign"]"#),
        jwk("p256", r#", "alg": "ES384", "kid": "alg""#),
        jwk("p256", r#", "alg": "ECDH-ES", "kid": "enc""#),
        jwk("rsa2048", r#", "alg": "PS256", "kid": "ps""#),
        jwk("rsa2048", r#", "d": "AQAB", "kid": "private""#),
        jwk("rsa1024", r#", "kid": "weak""#),
        jwk("secp256k1", ""),
        jwk("ed448", ""),
        jwk("x25519", ""),
        r#"{"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}"#.to_owned(),
        r#"{"kty": "AKP", "kid": "new"}"#.to_owned(),
        r#"{"kid": 7}"#.to_owned(),
        "7".to_owned(),
    ];
    let (names, warnings) = parse(&keys, &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names, Ok(vec![(Some("good".to_owned()), "RS256")]));
    let curve = "must be on one of the curves P-256, P-384, P-521, Ed25519";
    assert_eq!(
        warnings,
        [
            r#"the key 'good' (keys[1]) is not used: it has a "use" other than "sig""#.to_owned(),
            r#"the key 'ops' (keys[2]) is not used: it has "key_ops" without "verify""#.to_owned(),
            r#"the key 'alg' (keys[3]) is not used: it has an "alg" for another key type"#.to_owned(),
            r#"the key 'enc' (keys[4]) is not used: it has an "alg" that is not a supported signature algorithm"#.to_owned(),
            r#"the key 'ps' (keys[5]) is not used: it is for PS256, which is not in algorithms; to accept it, add PS256 there"#.to_owned(),
            r#"the key 'private' (keys[6]) is not used: it is a private key, because it has the member "d"; give only the public members"#.to_owned(),
            r#"the key 'weak' (keys[7]) is not used: it must have 2048 to 4096 bits (RFC 7518 3.3), got 1024"#.to_owned(),
            format!("keys[8] is not used: it {curve}"),
            format!("keys[9] is not used: it {curve}"),
            format!("keys[10] is not used: it {curve}"),
            r#"the key 'secret' (keys[11]) is not used: it is a secret, but key sets are public"#.to_owned(),
            r#"the key 'new' (keys[12]) is not used: it must be an RSA, EC or Ed25519 key"#.to_owned(),
            r#"keys[13] is not used: it has a member "kid" that is not a string"#.to_owned(),
            "keys[14] is not used: it must be a JSON Web Key, which is an object".to_owned(),
        ]
    );
}

#[test]
fn skipped_key_names_the_algorithms_that_would_accept_it() {
    let (names, warnings) = parse(&[jwk("p256", ""), jwk("rsa2048", "")], &[Algorithm::Es256]);
    assert_eq!(names, Ok(vec![(None, "ES256")]));
    let expected = "keys[1] is not used: it fits none of algorithms; to accept it, add RS256 or \
                    RS384 or RS512 or PS256 or PS384 or PS512 there";
    assert_eq!(warnings, [expected]);
}

#[test]
fn refuses_unusable_key_set() {
    let refusal = |text: &[u8]| {
        let allowed = &Algorithm::DEFAULT_FOR_KEY_SETS;
        key_set::parse(text, &Issuer::exact("k"), allowed, &mut |_| {}).unwrap_err()
    };
    for (text, expected) in [
        (&b"\n <!doctype html>"[..], NotJson::Markup),
        (b"<?xml version='1.0'?>", NotJson::Markup),
        (b"\x1f\x8b\x08\0", NotJson::Gzip),
        (b"\xef\xbb\xbf{\"keys\": []}", NotJson::ByteOrderMark),
        (b"\xff\xfe{\0", NotJson::ByteOrderMark),
        (b" \n", NotJson::Empty),
    ] {
        assert_eq!(refusal(text), InvalidKeySet::NotJson(expected), "{text:?}");
    }
    for text in [r#"{"keys": [], "keys": []}"#, "x", "{"] {
        let refusal = refusal(text.as_bytes());
        assert!(matches!(refusal, InvalidKeySet::NotJson(NotJson::Syntax(_))), "{text}");
        assert!(refusal.to_string().starts_with("the key set is not JSON: "), "{refusal}");
    }
    for text in ["[]", "{}", r#"{"keys": {}}"#, r#"{"keys": null}"#, "null"] {
        assert_eq!(refusal(text.as_bytes()), InvalidKeySet::NoKeys, "{text}");
    }
    assert_eq!(refusal(br#"{"keys": []}"#), InvalidKeySet::NoneUsable);
    let many = vec!["{}"; MAX_KEYS + 1].join(",");
    let many = refusal(format!(r#"{{"keys": [{many}]}}"#).as_bytes());
    assert_eq!(many, InvalidKeySet::TooMany(MAX_KEYS + 1));
}

#[test]
fn same_key_twice_is_one_key() {
    let kid = r#", "kid": "a""#;
    let twice = [ed25519::jwk(1, kid), ed25519::jwk(1, kid)];
    let (names, _) = parse(&twice, &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names, Ok(vec![(Some("a".to_owned()), "EdDSA")]));
    let padded = ed25519::jwk(1, "").replace(r#""}"#, r#"="}"#);
    let (names, _) = parse(&[ed25519::jwk(1, ""), padded], &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names, Ok(vec![(None, "EdDSA")]));
    let rsa = [jwk("rsa2048", kid), jwk("rsa2048", r#", "kid": "a", "alg": "RS256""#)];
    let names = parse(&rsa, &[Algorithm::Rs256, Algorithm::Ps256]).0;
    let name = |algorithm| (Some("a".to_owned()), algorithm);
    assert_eq!(names, Ok(vec![name("RS256"), name("PS256")]));
    let other_kid = [ed25519::jwk(1, kid), ed25519::jwk(1, r#", "kid": "b""#)];
    let (names, _) = parse(&other_kid, &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names.map(|names| names.len()), Ok(2));
}

#[test]
fn warns_of_more_keys_than_are_tried() {
    let keys = |count: u8, kid: &str| -> Vec<String> {
        (0..count).map(|seed| ed25519::jwk(seed, &kid.replace('#', &seed.to_string()))).collect()
    };
    let expected = |count: u8| {
        vec![format!(
            "{count} EdDSA keys of the key set have no kid or the same kid, but only the first 8 \
             are tried: the issuer should give each key its own kid"
        )]
    };
    for (count, kid, warnings) in [
        (8, "", vec![]),
        (9, "", expected(9)),
        (10, r#", "kid": "a""#, expected(10)),
        (20, r##", "kid": "#""##, vec![]),
    ] {
        let keys = keys(count, kid);
        assert_eq!(parse(&keys, &Algorithm::DEFAULT_FOR_KEY_SETS).1, warnings, "{count} {kid}");
    }
}

#[test]
fn accepts_keys_of_unusual_form_with_a_warning() {
    let null =
        jwk("p256", r#", "kid": null, "use": null, "alg": null, "key_ops": null, "d": null"#);
    let rsa = jwk("rsa2048", r#", "kid": "a""#);
    let (names, warnings) = parse(&[null, rsa], &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names, Ok(vec![(None, "ES256"), (Some("a".to_owned()), "RS256")]));
    assert_eq!(warnings, [""; 0]);
    let x = ed25519::jwk(1, r#", "kid": "a""#).replace(r#"", "kid""#, r#"=", "kid""#);
    let (names, warnings) = parse(&[x], &Algorithm::DEFAULT_FOR_KEY_SETS);
    assert_eq!(names, Ok(vec![(Some("a".to_owned()), "EdDSA")]));
    let expected = "the key 'a' (keys[0]) is used, although it has padding (=) in the member \"x\", \
                    against RFC 7515 section 2";
    assert_eq!(warnings, [expected]);
}
