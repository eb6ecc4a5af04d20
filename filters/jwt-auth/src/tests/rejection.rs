//! The details of rejections, for operators and developers.

use super::*;

/// The attribute with the detail of a rejection.
fn detail(outcome: &Outcome) -> String {
    let attributes = outcome.host.attributes.borrow();
    attributes.get("jwt_auth_detail").map(|value| text(value)).unwrap_or_default()
}

/// Configuration, claims, decision, actual value, expected value.
const REJECTED: &[(&str, &str, &str, &str, &str)] = &[
    (r#""issuers": ["a", "b"]"#, "", "wrong_issuer", "iss is 'k'", "'a', 'b'"),
    (r#""subjects": ["a"]"#, "", "wrong_subject", "sub is missing", "'a'"),
    (r#""subjects": ["a"]"#, r#""sub": 7"#, "wrong_subject", "sub is 7", "'a'"),
    (
        r#""audiences": ["api"]"#,
        r#""aud": ["x", "y"]"#,
        "wrong_audience",
        "aud is a list of 'x', 'y'",
        "'api'",
    ),
    (r#""typ": ["at+jwt"]"#, "", "wrong_type", "typ is missing", "'at+jwt'"),
    (r#""denied_tokens": {"jti": ["x"]}"#, r#""jti": "x""#, "denied", "jti is 'x'", ""),
    (
        r#""required_claims": [{"claim": "sub"}, {"claim": "r.x", "one_of": ["a", 1]}]"#,
        r#""sub": "s", "r": {"x": "b"}"#,
        "required_claim",
        "the claim of required_claims[1] is 'b'",
        "'r.x' to be 'a', '1'",
    ),
    (
        r#""required_claims": [{"claim": ["r", "x"], "contains": "a"}]"#,
        "",
        "required_claim",
        "the claim of required_claims[0] is missing",
        "'r.x' to contain 'a'",
    ),
    (
        r#""scopes": {"all_of": ["a", "b"]}"#,
        r#""scope": "a c""#,
        "insufficient_scope",
        "scope is 'a c'",
        "also 'b'",
    ),
    (
        r#""scopes": {"any_of": ["a", "b"]}"#,
        r#""scp": ["c"]"#,
        "insufficient_scope",
        "scp is a list of 'c'",
        "one of 'a', 'b'",
    ),
    (r#""claims_to_verify": ["nbf"]"#, "", "missing_claim", "nbf is missing", ""),
    (
        r#""leeway": 5"#,
        r#""nbf": 1800000010"#,
        "not_yet_valid",
        "nbf is 1800000010, the time is 1800000000",
        "a time from 1800000005",
    ),
    (
        r#""maximum_expiration": 10"#,
        "",
        "lifetime_too_long",
        "exp is 1800000060, the time is 1800000000",
        "at most 1800000010",
    ),
    (r#""leeway": 5"#, r#""nbf": "1""#, "malformed_claim", "nbf is '1'", "a number of seconds"),
];

#[test]
fn detail_has_the_actual_and_the_expected_value() {
    for &(config, claims, reason, found, expected) in REJECTED {
        let claims = if claims.is_empty() { String::new() } else { format!(", {claims}") };
        let config = format!(r#", "verbose_errors": true, {config}"#);
        let outcome = bearer(&filter(&config), &token(&claims));
        let whole = if expected.is_empty() {
            found.into()
        } else {
            format!("{found}; expected {expected}")
        };
        assert_eq!((outcome.reason, detail(&outcome)), (reason, whole), "{config}");
        let (_, challenge) = outcome.response.unwrap();
        let description = format!(": {found}\"");
        assert!(challenge.contains(&description), "{challenge} {description}");
    }
}

#[test]
fn detail_names_the_claim_that_has_no_value() {
    let long = format!(r#", "a": "{}""#, "x".repeat(255));
    for (config, claims, expected) in [
        (
            r#""claims_to_headers": [{"claim": "sub", "header": "x-a"}, {"claim": "a.b", "header": "x-b"}]"#,
            r#", "a": {"b": 1.5}"#,
            "the claim of claims_to_headers[1] has no text; expected 'a.b' to be a string, whole \
             number, boolean or a list of these, or an entry with as: json",
        ),
        (
            r#""claims_to_headers": [{"claim": "sub", "header": "x-a"}]"#,
            r#", "sub": "a\n""#,
            "the claim of claims_to_headers[0] has a control character; expected 'sub' to have none, \
             or an entry with as: json",
        ),
        (
            r#""max_claim_header_bytes": 256,
                "claims_to_attributes": [{"claim": "a", "attribute": "a", "as": "json"}]"#,
            &long,
            "the claim of claims_to_attributes[0] is too long; expected 'a' to have at most 256 bytes",
        ),
    ] {
        let outcome = bearer(&filter(&format!(", {config}")), &token(claims));
        assert_eq!((outcome.reason, &*detail(&outcome)), ("unusable_claim", expected), "{config}");
    }
}

#[test]
fn values_of_the_token_are_escaped_and_cut() {
    let filter = filter(r#", "audiences": ["api"], "verbose_errors": true"#);
    let evil = format!(r#", "aud": "\"'\r\n\\{}""#, "ü".repeat(4000));
    let outcome = bearer(&filter, &token(&evil));
    let found = "aud is '%22%27%0D%0A%5C%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC...'";
    assert_eq!(detail(&outcome), format!("{found}; expected 'api'"));
    let (_, body) = outcome.body.unwrap();
    assert_eq!(body, format!(r#"{{"message":"aud not accepted: {found}"}}"#));
    let list = format!(r#", "aud": [{}1]"#, r#""aaaaaaaaaaaaaaaaaaaa", "#.repeat(200));
    let outcome = bearer(&filter, &token(&list));
    assert!(detail(&outcome).len() <= 256, "{}", detail(&outcome));
}

#[test]
fn request_that_passes_with_an_identity_has_no_detail() {
    let optional = filter(r#", "optional": true"#);
    assert_eq!(detail(&run(&optional, &[])), "");
    assert_eq!(detail(&bearer(&optional, &token(""))), "");
    let report = filter(r#", "report_only": true, "audiences": ["api"]"#);
    assert_eq!(detail(&bearer(&report, &token(""))), "aud is missing; expected 'api'");
}
