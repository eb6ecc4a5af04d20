//! Requests that pass without a token, or with a bad token.

use super::super::*;

const CLAIMS: &str = r#", "claims_to_headers": [{"claim": "sub", "header": "X-User-Id"}]"#;

/// Identity headers that a client sends.
const FORGED: [(&str, &str); 3] =
    [("x-user-id", "root"), ("x_consumer_id", "root"), ("X-Anonymous-Consumer", "false")];

fn with_forged(filter: &JwtAuth, more: &[(&str, &str)]) -> Outcome {
    run(filter, &[more, &FORGED].concat())
}

#[test]
fn optional_accepts_missing_token_but_not_bad_token() {
    let filter = filter(&format!(r#", "optional": true{CLAIMS}"#));
    let absent = with_forged(&filter, &[]);
    assert_eq!((absent.reason, absent.response), ("optional", None));
    assert_eq!(absent.lines, [""; 0]);
    assert_eq!(with_forged(&filter, &[("authorization", "Basic x")]).reason, "optional");
    let good = format!("Bearer {}", token(r#", "sub": "alice""#));
    assert!(
        run(&filter, &[("authorization", &good)]).lines.contains(&"x-user-id: alice".to_owned())
    );
    for bad in ["Bearer x", &format!("{good}x")] {
        assert_eq!(run(&filter, &[("authorization", bad)]).response.unwrap().0, 401, "{bad}");
    }
    assert_eq!(run(&filter, &[(":path", "/?jwt=x")]).response.unwrap().0, 401);
}

#[test]
fn request_without_good_token_passes_as_anonymous_consumer() {
    let consumer = r#", "anonymous": {"id": "0", "username": "guest"}"#;
    let filter = filter(&format!(r#"{consumer}{CLAIMS}, "scopes": {{"all_of": ["a"]}}"#));
    let guest = ["x-consumer-id: 0", "x-consumer-username: guest", "x-anonymous-consumer: true"];
    let absent = with_forged(&filter, &[]);
    assert_eq!((absent.reason, absent.response), ("anonymous", None));
    assert_eq!(absent.lines, guest);
    let bad = with_forged(&filter, &[("authorization", "Bearer x")]);
    assert_eq!(bad.reason, "anonymous");
    assert_eq!(bad.lines[1..], guest);
    let insufficient = bearer(&filter, &token(""));
    assert_eq!(insufficient.response.unwrap().0, 403, "the sender is known");
    let good = bearer(&filter, &token(r#", "scope": "a", "sub": "alice""#));
    assert_eq!(good.lines[1..], ["x-user-id: alice"]);
}

#[test]
fn report_only_passes_and_counts_refusals() {
    let filter =
        filter(&format!(r#", "report_only": true, "scopes": {{"all_of": ["a"]}}{CLAIMS}"#));
    let (bad, insufficient) =
        ("Bearer x".to_owned(), format!("Bearer {}", token(r#", "sub": "alice""#)));
    for (value, reason) in
        [("", "no_token"), (&bad, "malformed_token"), (&insufficient, "insufficient_scope")]
    {
        let outcome = with_forged(&filter, &[("authorization", value)]);
        assert_eq!((outcome.reason, outcome.response), (reason, None));
        assert_eq!(outcome.lines.len(), 1, "{:?}", outcome.lines);
        assert_eq!(outcome.host.events.borrow().last(), Some(&"reported"));
        let attributes = outcome.host.attributes.borrow();
        assert_eq!(attributes.get("jwt_auth_reported").unwrap(), reason.as_bytes());
    }
    let good = bearer(&filter, &token(r#", "scope": "a""#));
    assert_eq!(good.reason, "allowed");
    assert!(!good.host.events.borrow().contains(&"reported"));
}

#[test]
fn skipped_request_loses_identity_headers_and_query_token() {
    let filter = filter(&format!(r#", "skip": [{{"path": "/healthz"}}]{CLAIMS}"#));
    let outcome = with_forged(&filter, &[(":path", "/healthz?jwt=x&a"), (":method", "GET")]);
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
    let outcome = run(&filter, &[(":path", "/healthz"), ("authorization", &good)]);
    assert_eq!(outcome.mutations, 0, "the token is ignored");
}
