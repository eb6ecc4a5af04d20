//! Requests that pass without a token, or with a bad one.

use super::super::*;

const CLAIMS: &str = r#", "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}]"#;

/// What no client may say of itself.
const FORGED: [(&str, &str); 3] =
    [("x-user-id", "root"), ("x_consumer_id", "root"), ("X-Anonymous-Consumer", "false")];

fn with_forged(policy: &JwtAuth, more: &[(&str, &str)]) -> Outcome {
    run(policy, &[more, &FORGED].concat())
}

#[test]
fn an_optional_token_may_be_absent_but_not_bad() {
    let policy = policy(&format!(r#", "optional": true{CLAIMS}"#));
    let absent = with_forged(&policy, &[]);
    assert_eq!((absent.reason, absent.response), ("optional", None));
    assert_eq!(absent.lines, [""; 0]);
    assert_eq!(with_forged(&policy, &[("authorization", "Basic x")]).reason, "optional");
    let good = format!("Bearer {}", token(r#", "sub": "alice""#));
    assert!(
        run(&policy, &[("authorization", &good)]).lines.contains(&"x-user-id: alice".to_owned())
    );
    for bad in ["Bearer x", &format!("{good}x")] {
        assert_eq!(run(&policy, &[("authorization", bad)]).response.unwrap().0, 401, "{bad}");
    }
    assert_eq!(run(&policy, &[(":path", "/?jwt=x")]).response.unwrap().0, 401);
}

#[test]
fn without_a_good_token_a_request_is_the_anonymous_consumers() {
    let consumer = r#", "anonymous": {"id": "0", "username": "guest"}"#;
    let policy = policy(&format!(r#"{consumer}{CLAIMS}, "scopes": {{"all_of": ["a"]}}"#));
    let guest = ["x-consumer-id: 0", "x-consumer-username: guest", "x-anonymous-consumer: true"];
    let absent = with_forged(&policy, &[]);
    assert_eq!((absent.reason, absent.response), ("anonymous", None));
    assert_eq!(absent.lines, guest);
    let bad = with_forged(&policy, &[("authorization", "Bearer x")]);
    assert_eq!(bad.reason, "anonymous");
    assert_eq!(bad.lines[1..], guest);
    let little = bearer(&policy, &token(""));
    assert_eq!(little.response.unwrap().0, 403, "its sender is known");
    let good = bearer(&policy, &token(r#", "scope": "a", "sub": "alice""#));
    assert_eq!(good.lines[1..], ["x-credential-identifier: k", "x-user-id: alice"]);
}

#[test]
fn in_report_mode_everything_passes_and_is_counted() {
    let policy =
        policy(&format!(r#", "report_only": true, "scopes": {{"all_of": ["a"]}}{CLAIMS}"#));
    let (bad, little) = ("Bearer x".to_owned(), format!("Bearer {}", token(r#", "sub": "alice""#)));
    for (value, reason) in
        [("", "no_token"), (&bad, "malformed_token"), (&little, "insufficient_scope")]
    {
        let outcome = with_forged(&policy, &[("authorization", value)]);
        assert_eq!((outcome.reason, outcome.response), (reason, None));
        assert_eq!(outcome.lines.len(), 1, "{:?}", outcome.lines);
        assert_eq!(outcome.host.events.borrow().last(), Some(&"reported"));
        let attributes = outcome.host.attributes.borrow();
        assert_eq!(attributes.get("jwt_auth_reported").unwrap(), reason.as_bytes());
    }
    let good = bearer(&policy, &token(r#", "scope": "a""#));
    assert_eq!(good.reason, "allowed");
    assert!(!good.host.events.borrow().contains(&"reported"));
}

#[test]
fn a_skipped_request_has_no_identity_and_no_token_in_its_query() {
    let policy = policy(&format!(r#", "skip": [{{"path": "/healthz"}}]{CLAIMS}"#));
    let outcome = with_forged(&policy, &[(":path", "/healthz?jwt=x&a"), (":method", "GET")]);
    assert_eq!((outcome.reason, outcome.response), ("skipped", None));
    assert_eq!(
        outcome.lines,
        [":method: GET", ":path: /healthz?a"]
            .map(str::to_owned)
            .iter()
            .rev()
            .cloned()
            .collect::<Vec<_>>()
    );
    let good = format!("Bearer {}", token(r#", "sub": "alice""#));
    let outcome = run(&policy, &[(":path", "/healthz"), ("authorization", &good)]);
    assert_eq!(outcome.mutations, 0, "not looked at");
}
