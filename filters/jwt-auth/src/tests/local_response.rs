//! Responses to rejected requests.

use novasphere_core::with_separators;

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
fn reason_is_cut_at_512_bytes() {
    let name = "a".repeat(600);
    let filter = filter(&format!(r#", "verbose_errors": true, "key_claim_name": "{name}""#));
    let outcome = bearer(&filter, &token(""));
    let start = "No credentials found for given '";
    let reason = format!("{start}{}...", "a".repeat(512 - start.len() - "...".len()));
    assert_eq!(body(&outcome).1, format!(r#"{{"message":"{reason}"}}"#));
    let challenge = format!(r#"Bearer error="invalid_token", error_description="{reason}""#);
    assert_eq!(outcome.response.unwrap().1, challenge);
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

#[test]
fn error_template_fits_the_limit_of_the_host() {
    // Without the text: 4 bytes of JSON and the message.
    for (verbose, message, text, fits) in [
        (false, "Service Unavailable".len(), 2_025, true),
        (false, "Service Unavailable".len(), 2_026, false),
        (true, 512, 1_532, true),
        (true, 512, 1_533, false),
    ] {
        let template = format!(r#"["{}$message"]"#, "a".repeat(text));
        let config = format!(
            r#"{{"credentials": [{CREDENTIAL}], "verbose_errors": {verbose},
                 "error_format": "template", "error_template": {template:?}}}"#
        );
        assert!(configure(&config).is_ok(), "a host without a limit");
        let limited = TestHost { max_body_bytes: Some(2_048), ..host() };
        let result = JwtAuth::from_json(config.as_bytes(), &limited).map_err(|e| e.to_string());
        let size = with_separators(u64::try_from(4 + text + message).unwrap());
        let fault = format!(
            "error_template: the body may have at most 2,048 bytes on this proxy, got {size} with \
             the longest $message ({message} bytes); shorten the template"
        );
        assert_eq!(result.err(), (!fits).then_some(fault));
    }
}
