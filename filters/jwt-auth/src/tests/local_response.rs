//! Responses to rejected requests.

use super::*;

fn body(outcome: &Outcome) -> (&str, &str) {
    let (content_type, body) = outcome.body.as_ref().unwrap();
    (content_type, body)
}

const SCOPES: &str = r#", "scopes": {"all_of": ["read"], "any_of": ["a", "b"]}"#;

#[test]
fn every_bad_token_gets_the_same_response() {
    let good = token("");
    let same = [
        format!("Bearer {}", signed("HS384", r#"{"alg": "HS384"}"#, "{}")),
        "Bearer x".to_owned(),
        format!("Bearer {good}x"),
        format!("Bearer {}", signed("HS256", r#"{"alg": "HS256"}"#, r#"{"iss": "k", "exp": 1}"#)),
    ];
    for value in same {
        let outcome = run(&filter(""), &[("authorization", &value)]);
        assert_eq!(
            body(&outcome),
            ("application/json; charset=utf-8", r#"{"message":"Unauthorized"}"#)
        );
        assert_eq!(outcome.response, Some((401, r#"Bearer error="invalid_token""#.to_owned())));
    }
    let none = run(&filter(""), &[]);
    assert_eq!(body(&none), ("application/json; charset=utf-8", r#"{"message":"Unauthorized"}"#));
}

#[test]
fn insufficient_grants_get_403_that_names_required_scopes() {
    let outcome = bearer(&filter(SCOPES), &token(""));
    let challenge = r#"Bearer error="insufficient_scope", scope="read a b""#;
    assert_eq!(outcome.response, Some((403, challenge.to_owned())));
    assert_eq!(body(&outcome), ("application/json; charset=utf-8", r#"{"message":"Forbidden"}"#));
    let claims = filter(&format!(r#"{SCOPES}, "required_claims": [{{"claim": "x"}}]"#));
    let outcome = bearer(&claims, &token(""));
    assert_eq!(outcome.response, Some((403, r#"Bearer error="insufficient_scope""#.to_owned())));
}

#[test]
fn verbose_errors_give_the_reason() {
    let filter = filter(&format!(r#"{SCOPES}, "verbose_errors": true, "realm": "r""#));
    let bad = bearer(&filter, &format!("{}AAA", token("")));
    let reason = "Invalid signature: alg is 'HS256', kid is missing";
    let challenge =
        format!(r#"Bearer realm="r", error="invalid_token", error_description="{reason}""#);
    assert_eq!(bad.response, Some((401, challenge)));
    assert_eq!(body(&bad).1, format!(r#"{{"message":"{reason}"}}"#));
    let none = run(&filter, &[]);
    assert_eq!(none.response, Some((401, r#"Bearer realm="r""#.to_owned())), "RFC 6750 3.1");
    assert_eq!(body(&none).1, r#"{"message":"Unauthorized"}"#);
    let insufficient = bearer(&filter, &token(""));
    let challenge = "Bearer realm=\"r\", error=\"insufficient_scope\", \
                     error_description=\"a required scope is missing: scope is missing\", \
                     scope=\"read a b\"";
    assert_eq!(insufficient.response, Some((403, challenge.to_owned())));
}

#[test]
fn claim_name_cannot_break_out_of_a_response() {
    let filter = filter(r#", "verbose_errors": true, "key_claim_name": "a\"\\\r\nü""#);
    let outcome = bearer(&filter, &token(""));
    let reason = "No credentials found for given 'a?????': a%22%5C%0D%0A%C3%BC is missing";
    assert_eq!(body(&outcome).1, format!(r#"{{"message":"{reason}"}}"#));
    let challenge = format!(r#"Bearer error="invalid_token", error_description="{reason}""#);
    assert_eq!(outcome.response.unwrap().1, challenge);
}

#[test]
fn problem_bodies_follow_rfc_9457() {
    let plain = r#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
    let format = r#", "error_format": "problem+json""#;
    let outcome = bearer(&filter(format), "x");
    assert_eq!(body(&outcome), ("application/problem+json", plain));
    let outcome = bearer(&filter(&format!("{format}{SCOPES}")), &token(""));
    assert_eq!(body(&outcome).1, r#"{"type":"about:blank","title":"Forbidden","status":403}"#);
    let outcome = bearer(&filter(&format!(r#"{format}, "verbose_errors": true"#)), "x");
    let expected = r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Bad token; malformed"}"#;
    assert_eq!(body(&outcome).1, expected);
}

#[test]
fn error_template_expands_status_and_message() {
    let filter = |template: &str, more: &str| {
        filter(&format!(r#", "error_format": "template", "error_template": {template:?}{more}"#))
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
        let outcome = bearer(&filter(template, more), "x");
        assert_eq!(body(&outcome), ("application/json; charset=utf-8", expected));
    }
    for template in ["", "nonsense", r#"{"m": $message}"#, r#"{"m": "$message}"#] {
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                 "error_format": "template", "error_template": {template:?}}}"#
        );
        let fault = configure(&config).unwrap_err();
        assert!(fault.starts_with("error_template: must be JSON"), "{fault}");
    }
}
