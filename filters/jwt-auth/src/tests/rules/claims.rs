use super::super::*;

fn at(filter: &JwtAuth, millis: u64, claims: &str) -> &'static str {
    let token = signed("HS256", r#"{"alg": "HS256"}"#, &format!(r#"{{"iss": "k"{claims}}}"#));
    run_at(filter, millis, &[(b"authorization", format!("Bearer {token}").as_bytes())]).reason
}

#[test]
fn exp_is_exclusive_and_nbf_inclusive() {
    let filter = filter(r#", "leeway": 0"#);
    for (millis, claims, expected) in [
        (999_999, r#", "exp": 1000"#, "allowed"),
        (1_000_000, r#", "exp": 1000"#, "expired"),
        (1_000_499, r#", "exp": 1000.5"#, "allowed"),
        (1_000_500, r#", "exp": 1000.5"#, "expired"),
        (1_000_000, r#", "exp": 1e3"#, "expired"),
        (999_999, r#", "exp": 2000, "nbf": 1000"#, "not_yet_valid"),
        (1_000_000, r#", "exp": 2000, "nbf": 1000"#, "allowed"),
        (1_000_000, r#", "exp": 2000, "nbf": 1000.001"#, "not_yet_valid"),
    ] {
        assert_eq!(at(&filter, millis, claims), expected, "{millis} {claims}");
    }
}

#[test]
fn leeway_extends_both_ends() {
    let filter = filter(r#", "leeway": 10"#);
    for (millis, claims, expected) in [
        (1_009_999, r#", "exp": 1000"#, "allowed"),
        (1_010_000, r#", "exp": 1000"#, "expired"),
        (989_999, r#", "exp": 2000, "nbf": 1000"#, "not_yet_valid"),
        (990_000, r#", "exp": 2000, "nbf": 1000"#, "allowed"),
    ] {
        assert_eq!(at(&filter, millis, claims), expected, "{millis} {claims}");
    }
}

#[test]
fn extreme_time_claims_are_compared_correctly() {
    let filter = filter(r#", "leeway": 3600, "maximum_expiration": 31536000"#);
    for (claims, expected) in [
        (r#", "exp": 18446744073709551615"#, "lifetime_too_long"),
        (r#", "exp": 18446744073709551616"#, "lifetime_too_long"),
        (r#", "exp": 1e308"#, "lifetime_too_long"),
        (r#", "exp": -1"#, "expired"),
        (r#", "exp": -0.0"#, "expired"),
        (r#", "exp": -1e308"#, "expired"),
        (r#", "exp": -9223372036854775808"#, "expired"),
        (r#", "exp": 1800000060, "nbf": -8334601228800"#, "allowed"),
        (r#", "exp": 1800000060, "nbf": -1e308"#, "allowed"),
        (r#", "exp": 1800000060, "nbf": 1e308"#, "not_yet_valid"),
        (r#", "exp": 1800000060, "nbf": 9223372036854775807"#, "not_yet_valid"),
        (r#", "exp": "1800000060""#, "malformed_claim"),
        (r#", "exp": null"#, "malformed_claim"),
        (r#", "exp": true"#, "malformed_claim"),
        (r#", "exp": [1800000060]"#, "malformed_claim"),
        (r#", "exp": 1800000060, "nbf": "0""#, "malformed_claim"),
    ] {
        for millis in [NOW * 1000, NOW * 1000 + 999] {
            assert_eq!(at(&filter, millis, claims), expected, "{claims}");
        }
    }
    assert_eq!(at(&filter, 0, r#", "exp": 1"#), "allowed");
    assert_eq!(at(&filter, u64::MAX, r#", "exp": 1"#), "expired");
}

#[test]
fn listed_time_claims_are_required_and_present_ones_honoured() {
    let none = filter(r#", "claims_to_verify": []"#);
    let both = filter(r#", "claims_to_verify": ["exp", "nbf"]"#);
    for (claims, without, with) in [
        ("", "allowed", "missing_claim"),
        (r#", "exp": 2000"#, "allowed", "missing_claim"),
        (r#", "nbf": 500"#, "allowed", "missing_claim"),
        (r#", "exp": 2000, "nbf": 500"#, "allowed", "allowed"),
        (r#", "exp": 900"#, "expired", "expired"),
        (r#", "nbf": 1100"#, "not_yet_valid", "missing_claim"),
    ] {
        assert_eq!(at(&none, 1_000_000, claims), without, "{claims}");
        assert_eq!(at(&both, 1_000_000, claims), with, "{claims}");
    }
    assert_eq!(at(&filter(""), 1_000_000, ""), "missing_claim");
}

#[test]
fn maximum_expiration_includes_leeway() {
    let filter = filter(r#", "maximum_expiration": 600, "leeway": 5"#);
    assert_eq!(at(&filter, 1_000_000, r#", "exp": 1605"#), "allowed");
    assert_eq!(at(&filter, 1_000_000, r#", "exp": 1605.5"#), "lifetime_too_long");
}

#[test]
fn compares_issuer_and_audience_exactly() {
    let filter = filter(
        r#", "key_claim_name": "client", "issuers": ["a", "b"], "audiences": ["api", "web"]"#,
    );
    for (claims, expected) in [
        (r#""iss": "b", "aud": "api""#, "allowed"),
        (r#""iss": "a", "aud": ["other", "web"]"#, "allowed"),
        (r#""iss": "c", "aud": "api""#, "wrong_issuer"),
        (r#""iss": ["a"], "aud": "api""#, "wrong_issuer"),
        (r#""aud": "api""#, "wrong_issuer"),
        (r#""iss": "a""#, "wrong_audience"),
        (r#""iss": "a", "aud": []"#, "wrong_audience"),
        (r#""iss": "a", "aud": "API""#, "wrong_audience"),
        (r#""iss": "a", "aud": "api web""#, "wrong_audience"),
        (r#""iss": "a", "aud": ["x", 1, null, ["api"]]"#, "wrong_audience"),
        (r#""iss": "a", "aud": {"api": "api"}"#, "wrong_audience"),
        (r#""iss": "a", "aud": null"#, "wrong_audience"),
    ] {
        let claims = format!(r#"{{"client": "k", "exp": {}, {claims}}}"#, NOW + 1);
        let token = signed("HS256", r#"{"alg": "HS256"}"#, &claims);
        assert_eq!(reason(&filter, &token), expected, "{claims}");
    }
}

#[test]
fn verifies_signature_before_claims() {
    let stale = signed("HS256", r#"{"alg": "HS256"}"#, r#"{"iss": "k", "exp": 1}"#);
    assert_eq!(reason(&filter(""), &stale), "expired");
    let (signed, _) = stale.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", base64url([0; 32]));
    assert_eq!(reason(&filter(""), &forged), "bad_signature");
}
