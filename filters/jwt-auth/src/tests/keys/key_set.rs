use super::{super::*, vectors, vectors::key};
use crate::{
    config::Algorithm,
    decision::Refusal,
    keys::{
        key::Key,
        key_set::{self, InvalidKeySet, MAX_KEYS, MAX_TRIES},
    },
    token::Token,
};

/// The JWK of a vector key, with `more` members.
fn jwk(name: &str, more: &str) -> String {
    let jwk = key(name, "jwk");
    format!("{}{more}}}", jwk.strip_suffix('}').unwrap())
}

/// The `kid` and algorithm of each key.
type Names = Vec<(Option<String>, &'static str)>;

/// The keys of a set, and the warnings.
fn parse(keys: &[String], allowed: &[Algorithm]) -> (Result<Names, String>, Vec<String>) {
    let mut warnings = Vec::new();
    let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    let keys = key_set::parse(set.as_bytes(), allowed, &mut |warning| warnings.push(warning));
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
            r#"the key "good" (keys[1]) is not used: it has a "use" other than "sig""#.to_owned(),
            r#"the key "ops" (keys[2]) is not used: it has "key_ops" without "verify""#.to_owned(),
            r#"the key "alg" (keys[3]) is not used: it has an "alg" for another key type"#.to_owned(),
            r#"the key "enc" (keys[4]) is not used: it has an "alg" that is not a supported signature algorithm"#.to_owned(),
            r#"the key "ps" (keys[5]) is not used: it is for PS256, which is not an allowed algorithm"#.to_owned(),
            r#"the key "private" (keys[6]) is not used: it is a private key, because it has the member "d"; give only the public members"#.to_owned(),
            r#"the key "weak" (keys[7]) is not used: it must have 2048 to 4096 bits (RFC 7518 3.3), got 1024"#.to_owned(),
            format!("keys[8] is not used: it {curve}"),
            format!("keys[9] is not used: it {curve}"),
            format!("keys[10] is not used: it {curve}"),
            r#"the key "secret" (keys[11]) is not used: it is a secret, but key sets are public"#.to_owned(),
            r#"the key "new" (keys[12]) is not used: it must be an RSA, EC or Ed25519 key"#.to_owned(),
            r#"keys[13] is not used: it needs the string member "kid""#.to_owned(),
            "keys[14] is not used: it must be a JSON Web Key, which is an object".to_owned(),
        ]
    );
}

#[test]
fn refuses_unusable_key_set() {
    let mut warn = |_| {};
    let mut refusal =
        |text: &str| key_set::parse(text.as_bytes(), &Algorithm::DEFAULT_FOR_KEY_SETS, &mut warn);
    assert!(matches!(refusal("<html>"), Err(InvalidKeySet::NotJson(_))));
    let twice = refusal(r#"{"keys": [], "keys": []}"#);
    assert!(matches!(twice, Err(InvalidKeySet::NotJson(_))));
    for text in ["[]", "{}", r#"{"keys": {}}"#, "null"] {
        assert_eq!(refusal(text).unwrap_err(), InvalidKeySet::NoKeys, "{text}");
    }
    assert_eq!(refusal(r#"{"keys": []}"#).unwrap_err(), InvalidKeySet::NoneUsable);
    let many = vec!["{}"; MAX_KEYS + 1].join(",");
    let many = refusal(&format!(r#"{{"keys": [{many}]}}"#));
    assert_eq!(many.unwrap_err(), InvalidKeySet::TooMany(MAX_KEYS + 1));

    let refusal = |keys: [String; 2]| parse(&keys, &Algorithm::DEFAULT_FOR_KEY_SETS).0.unwrap_err();
    let (a, b) = (jwk("p256", r#", "kid": "a""#), jwk("rsa2048", r#", "kid": "a""#));
    assert_eq!(refusal([a.clone(), b]), r#"two keys of the key set have the kid "a""#);
    let mixed = "some keys of the key set have a kid and some have none";
    assert_eq!(refusal([a.clone(), jwk("rsa2048", "")]), mixed);
    assert_eq!(refusal([jwk("rsa2048", ""), a]), mixed);
}

fn set(keys: &[String]) -> Vec<Key> {
    let set = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
    key_set::parse(set.as_bytes(), &Algorithm::DEFAULT_FOR_KEY_SETS, &mut |warning| {
        panic!("{warning}")
    })
    .unwrap()
}

fn signer<'k>(keys: &'k [Key], header: &str, token: &str) -> Result<&'k Key, Refusal> {
    let (_, rest) = token.split_once('.').unwrap();
    let token = format!("{}.{rest}", base64url(header));
    key_set::signer(
        keys,
        &Token::parse(token.as_bytes(), usize::MAX).unwrap(),
        &TestHost::default().env(),
    )
}

/// The signature covers the header too, so it is valid only with the header of the vector.
#[test]
fn kid_then_algorithm_select_the_key() {
    let token = vectors::valid_token("ES256");
    let header = r#"{"alg":"ES256","typ":"JWT"}"#;
    let (good, other) = (jwk("p256", ""), jwk("p256-other", ""));
    let keys = set(&[other.clone(), jwk("rsa2048", ""), good.clone()]);
    assert!(std::ptr::eq(signer(&keys, header, &token).unwrap(), &raw const keys[2]));
    assert_eq!(signer(&keys[..1], header, &token).unwrap_err(), Refusal::BadSignature);
    assert_eq!(signer(&keys[1..2], header, &token).unwrap_err(), Refusal::AlgorithmMismatch);

    let keys = set(&[jwk("p256-other", r#", "kid": "a""#), jwk("p256", r#", "kid": "b""#)]);
    assert!(std::ptr::eq(signer(&keys, header, &token).unwrap(), &raw const keys[1]));
    let refusal = |kid: &str| {
        let header = format!(r#"{{"alg": "ES256", "kid": {kid}}}"#);
        signer(&keys, &header, &token).unwrap_err()
    };
    assert_eq!(refusal(r#""c""#), Refusal::UnknownKey);
    assert_eq!(refusal("7"), Refusal::UnknownKey);
    assert_eq!(refusal("null"), Refusal::UnknownKey);
    assert_eq!(refusal(r#""b""#), Refusal::BadSignature);

    let mut many = vec![other; MAX_TRIES];
    many.push(good);
    assert_eq!(signer(&set(&many), header, &token).unwrap_err(), Refusal::BadSignature);
    assert!(signer(&set(&many[1..]), header, &token).is_ok());
}
