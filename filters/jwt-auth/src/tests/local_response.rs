//! What a refused client sees.

use super::*;

fn body(outcome: &Outcome) -> (&str, &str) {
    let (content_type, body) = outcome.body.as_ref().unwrap();
    (content_type, body)
}

const SCOPES: &str = r#", "scopes": {"all_of": ["read"], "any_of": ["a", "b"]}"#;

#[test]
fn every_refusal_of_a_token_looks_the_same() {
    let good = token("");
    let same = [
        format!("Bearer {}", signed("HS384", r#"{"alg": "HS384"}"#, "{}")),
        "Bearer x".to_owned(),
        format!("Bearer {good}x"),
        format!("Bearer {}", signed("HS256", r#"{"alg": "HS256"}"#, r#"{"iss": "k", "exp": 1}"#)),
    ];
    for value in same {
        let outcome = run(&policy(""), &[("authorization", &value)]);
        assert_eq!(
            body(&outcome),
            ("application/json; charset=utf-8", r#"{"message":"Unauthorized"}"#)
        );
        assert_eq!(outcome.response, Some((401, r#"Bearer error="invalid_token""#.to_owned())));
    }
    let none = run(&policy(""), &[]);
    assert_eq!(body(&none), ("application/json; charset=utf-8", r#"{"message":"Unauthorized"}"#));
}

#[test]
fn too_little_granted_is_a_403_with_the_scopes_that_would_do() {
    let outcome = bearer(&policy(SCOPES), &token(""));
    let challenge = r#"Bearer error="insufficient_scope", scope="read a b""#;
    assert_eq!(outcome.response, Some((403, challenge.to_owned())));
    assert_eq!(body(&outcome), ("application/json; charset=utf-8", r#"{"message":"Forbidden"}"#));
    let claims = policy(&format!(r#"{SCOPES}, "required_claims": [{{"claim": "x"}}]"#));
    let outcome = bearer(&claims, &token(""));
    assert_eq!(outcome.response, Some((403, r#"Bearer error="insufficient_scope""#.to_owned())));
}

#[test]
fn verbose_answers_tell_the_reason() {
    let policy = policy(&format!(r#"{SCOPES}, "verbose_errors": true, "realm": "r""#));
    let bad = bearer(&policy, &format!("{}AAA", token("")));
    let challenge =
        r#"Bearer realm="r", error="invalid_token", error_description="Invalid signature""#;
    assert_eq!(bad.response, Some((401, challenge.to_owned())));
    assert_eq!(body(&bad).1, r#"{"message":"Invalid signature"}"#);
    let none = run(&policy, &[]);
    assert_eq!(none.response, Some((401, r#"Bearer realm="r""#.to_owned())), "RFC 6750 3.1");
    assert_eq!(body(&none).1, r#"{"message":"Unauthorized"}"#);
    let little = bearer(&policy, &token(""));
    let challenge = "Bearer realm=\"r\", error=\"insufficient_scope\", \
                     error_description=\"a required scope is missing\", scope=\"read a b\"";
    assert_eq!(little.response, Some((403, challenge.to_owned())));
}

#[test]
fn no_name_breaks_out_of_an_answer() {
    let policy = policy(r#", "verbose_errors": true, "key_claim_name": "a\"\\\r\nü""#);
    let outcome = bearer(&policy, &token(""));
    assert_eq!(body(&outcome).1, r#"{"message":"No credentials found for given 'a?????'"}"#);
    let challenge = r#"Bearer error="invalid_token", error_description="No credentials found for given 'a?????'""#;
    assert_eq!(outcome.response.unwrap().1, challenge);
}

#[test]
fn problems_are_those_of_rfc_9457() {
    let plain = r#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
    let format = r#", "error_format": "problem+json""#;
    let outcome = bearer(&policy(format), "x");
    assert_eq!(body(&outcome), ("application/problem+json", plain));
    let outcome = bearer(&policy(&format!("{format}{SCOPES}")), &token(""));
    assert_eq!(body(&outcome).1, r#"{"type":"about:blank","title":"Forbidden","status":403}"#);
    let outcome = bearer(&policy(&format!(r#"{format}, "verbose_errors": true"#)), "x");
    let told = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Bad token; malformed"}"#;
    assert_eq!(body(&outcome).1, told);
}

#[test]
fn templates_have_status_and_message() {
    let policy = |template: &str, more: &str| {
        policy(&format!(r#", "error_format": "template", "error_template": {template:?}{more}"#))
    };
    for (template, more, expected) in [
        (
            r#"{"code":$status,"message":"$message"}"#,
            "",
            r#"{"code":401,"message":"Unauthorized"}"#,
        ),
        (
            r#"{"e": "$status: $message $"}"#,
            r#", "verbose_errors": true"#,
            r#"{"e": "401: Bad token; malformed $"}"#,
        ),
        (r#""$message$message$statu""#, "", r#""UnauthorizedUnauthorized$statu""#),
        (r#"{"ok": false}"#, "", r#"{"ok": false}"#),
    ] {
        let outcome = bearer(&policy(template, more), "x");
        assert_eq!(body(&outcome), ("application/json; charset=utf-8", expected));
    }
    for template in ["", "nonsense", r#"{"m": $message}"#, r#"{"m": "$message}"#] {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                 "error_format": "template", "error_template": {template:?}}}"#
        );
        let fault = configure(&config).unwrap_err();
        assert!(fault.starts_with("error_template: must become JSON"), "{fault}");
    }
}
