//! Keys and secrets that are given, assumed or missing.

use novasphere_explain::{Chain, FilterKind::JwtAuth, KeySets, ProxyKind, Setup};

use super::{NOW, bearer, decision, input, setup, unsigned};

const CONFIG: &str = r#"{"credentials": [{"key": "joe", "secret": {"env": "OTHER_SECRET"}}]}"#;

const ISSUER: &str = r#"{"jwks": [{"issuer": "https://id.test", "discovery": true,
    "algorithms": ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "PS256",
    "PS384", "PS512"]}]}"#;

fn claims(exp: u64) -> String {
    format!(r#"{{"iss": "joe", "exp": {exp}}}"#)
}

fn assuming(config: &str) -> Chain {
    let mut setup = setup(ProxyKind::Envoy, &[(JwtAuth, config)]);
    setup.environment.assume_missing = true;
    setup.keys.assume_missing = true;
    Chain::new(setup).unwrap()
}

#[test]
fn assumed_secret_checks_everything_but_the_signature() {
    for algorithm in ["HS256", "HS384", "HS512"] {
        let config =
            CONFIG.replace(r#""secret""#, &format!(r#""algorithm": "{algorithm}", "secret""#));
        let mut chain = assuming(&config);
        assert_eq!(chain.assumed_variables(), ["OTHER_SECRET"]);
        let header = format!(r#"{{"alg": "{algorithm}"}}"#);
        for (exp, expected) in [(NOW + 60, "allowed"), (NOW - 60, "expired")] {
            let token = bearer(&unsigned(&header, &claims(exp)));
            let explanation = chain.send(&input(&[("authorization", &token)]));
            assert_eq!(decision(&explanation), ("jwt-auth", expected), "{algorithm}");
            let remark = format!("signature not checked: the key for {algorithm} was not given");
            assert_eq!(explanation.remarks, [remark]);
            if let Some(upstream) = explanation.upstream {
                assert_eq!(upstream.headers, [(b"authorization".into(), token.into_bytes())]);
            }
        }
    }
}

#[test]
fn token_of_the_second_assumed_secret_is_accepted() {
    let config = r#"{"credentials": [{"key": "joe", "kid": "1", "secret": {"env": "OTHER_SECRET"}},
        {"key": "joe", "kid": "2", "secret": {"env": "NEXT_SECRET"}}]}"#;
    let token = bearer(&unsigned(r#"{"alg": "HS256", "kid": "2"}"#, &claims(NOW + 60)));
    let explanation = assuming(config).send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "allowed"));
}

#[test]
fn base64_secret_can_be_assumed() {
    let config = CONFIG.replace(r#"{"credentials""#, r#"{"secret_is_base64": true, "credentials""#);
    let token = bearer(&unsigned(r#"{"alg": "HS256"}"#, &claims(NOW + 60)));
    let explanation = assuming(&config).send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "allowed"));
}

#[test]
fn public_key_in_a_variable_can_be_assumed() {
    for (algorithm, length) in [
        ("RS256", 256),
        ("PS256", 256),
        ("ES256", 64),
        ("ES384", 96),
        ("ES512", 132),
        ("EdDSA", 64),
    ] {
        let config = format!(
            r#"{{"credentials": [{{"key": "joe", "algorithm": "{algorithm}",
            "public_key": {{"env": "OTHER_KEY"}}}}]}}"#
        );
        let token = unsigned(&format!(r#"{{"alg": "{algorithm}"}}"#), &claims(NOW + 60));
        let token = bearer(&with_signature(&token, length));
        let explanation = assuming(&config).send(&input(&[("authorization", &token)]));
        assert_eq!(decision(&explanation), ("jwt-auth", "allowed"), "{algorithm}");
        let [remark] = &explanation.remarks[..] else { panic!("{:?}", explanation.remarks) };
        assert!(remark.starts_with("signature not checked: "), "{remark}");
    }
}

#[test]
fn given_secret_is_checked() {
    let config = CONFIG.replace("OTHER_SECRET", "JWT_SECRET");
    let token = bearer(&unsigned(r#"{"alg": "HS256"}"#, &claims(NOW + 60)));
    let explanation = assuming(&config).send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "bad_signature"));
    assert_eq!(explanation.remarks, [""; 0]);
}

#[test]
fn keys_of_an_issuer_can_be_assumed() {
    for (algorithm, length) in [
        ("RS256", 256),
        ("RS384", 256),
        ("RS512", 256),
        ("ES256", 64),
        ("ES384", 96),
        ("ES512", 132),
        ("EdDSA", 64),
        ("PS256", 256),
        ("PS384", 256),
        ("PS512", 256),
    ] {
        let header = format!(r#"{{"alg": "{algorithm}", "kid": "k1"}}"#);
        let claims = format!(r#"{{"iss": "https://id.test", "exp": {}}}"#, NOW + 60);
        let token = with_signature(&unsigned(&header, &claims), length);
        let explanation = assuming(ISSUER).send(&input(&[("authorization", &bearer(&token))]));
        assert_eq!(
            decision(&explanation),
            ("jwt-auth", "allowed"),
            "{algorithm}: {explanation:#?}"
        );
        let [remark] = &explanation.remarks[..] else { panic!("{:?}", explanation.remarks) };
        assert!(remark.starts_with("signature not checked: "), "{remark}");
        let notes = &explanation.steps[0].notes;
        assert!(!notes.iter().any(|note| note.found.contains("verifi")), "{notes:#?}");
    }
}

fn with_signature(token: &str, length: usize) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let signed = token.rsplit_once('.').unwrap().0;
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(vec![1; length]))
}

/// RFC 8037 appendix A.2.
const ED25519_JWKS: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn with_keys(given: &str, assume_missing: bool) -> Chain {
    let setup = setup(ProxyKind::Envoy, &[(JwtAuth, ISSUER)]);
    let given = vec![(Some("https://id.test".to_owned()), given.into())];
    Chain::new(Setup { keys: KeySets { given, assume_missing }, ..setup }).unwrap()
}

#[test]
fn given_keys_are_checked_even_if_others_are_assumed() {
    let claims = format!(r#"{{"iss": "https://id.test", "exp": {}}}"#, NOW + 60);
    let token = bearer(&unsigned(r#"{"alg": "EdDSA"}"#, &claims));
    let explanation = with_keys(ED25519_JWKS, true).send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "bad_signature"));
    assert_eq!(explanation.remarks, [""; 0]);
}

#[test]
fn missing_keys_are_unavailable() {
    let mut setup = setup(ProxyKind::Envoy, &[(JwtAuth, ISSUER)]);
    setup.keys.assume_missing = false;
    let claims = format!(r#"{{"iss": "https://id.test", "exp": {}}}"#, NOW + 60);
    let token = bearer(&unsigned(r#"{"alg": "EdDSA"}"#, &claims));
    let explanation = Chain::new(setup).unwrap().send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "keys_unavailable"));
    assert_eq!(explanation.response.status, 503);
    assert_eq!(explanation.steps.len(), 1);
    assert!(explanation.log[0].contains("could not be fetched"), "{:?}", explanation.log);
}

#[test]
fn unknown_kid_is_fetched_once_and_then_rejected() {
    let set = ED25519_JWKS.replace(r#""kty""#, r#""kid": "a", "kty""#);
    let claims = format!(r#"{{"iss": "https://id.test", "exp": {}}}"#, NOW + 60);
    let token = bearer(&unsigned(r#"{"alg": "EdDSA", "kid": "b"}"#, &claims));
    let explanation = with_keys(&set, false).send(&input(&[("authorization", &token)]));
    assert_eq!(decision(&explanation), ("jwt-auth", "unknown_kid"));
}
