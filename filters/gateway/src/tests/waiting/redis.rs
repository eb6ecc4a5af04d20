//! Requests that wait for Redis.

use super::*;

const REDIS: &str = r#""hour": 1, "policy": "redis",
    "redis": {"uri": "http://redis:80/", "on_error": "deny"}"#;

fn call<'f>(decision: Decision<'f, ChainCarry>) -> Callout<'f> {
    let Decision::Call(callout) = decision else { panic!("makes no callout") };
    *callout
}

/// The response of a Redis that counted the request.
fn result_of(callout: &Callout<'_>) -> String {
    let body = str::from_utf8(&callout.body).unwrap();
    let nonce = body.split('"').nth(9).unwrap();
    format!(r#"{{"result":["{nonce}",1,5000,1]}}"#)
}

fn decide_with_result<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    head: &RequestHead<'_>,
    callout: &Callout<'_>,
    (status, body): (u16, &str),
) -> Decision<'f, ChainCarry> {
    let body = body.as_bytes();
    let response = Ok(FetchResponse { status, headers: Headers::default(), body });
    let result = CalloutResult { ticket: &callout.ticket, response: &response };
    gateway.on_request(head, states, &Env { callout: Some(result), ..host.env() })
}

#[test]
fn calling_filter_gets_the_result_and_each_event_counts_once() {
    let gateway = configured(&format!(
        r#"{{
            "cors": {{"origins": ["https://a.example"]}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true}},
            "rate_limit": {{{REDIS}, "limit_by": "claim", "claim_name": "org"}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let first = call(decide(&host, &gateway, &mut states, &[(":path", "/")]));
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let (head, body) = (RequestHead::default(), result_of(&first));
    let decision = decide_with_result(&host, &gateway, &mut states, &head, &first, (200, &body));
    assert!(matches!(decision, Decision::Continue { .. }));
    let counted = recorded(&host, &gateway);
    for name in [
        "cors.decision=no_origin.decisions",
        "jwt-auth.decision=optional.decisions",
        "rate-limit.decision=allowed.decisions",
        "rate-limit.event=fell_back_to_ip.events",
        "rate-limit.event=redis_called.events",
    ] {
        let times = counted.iter().filter(|counted| *counted == name).count();
        assert_eq!(times, 1, "{name}: {counted:?}");
    }
    let second = call(decide(&host, &gateway, &mut states, &[(":path", "/")]));
    let decision = decide_with_result(&host, &gateway, &mut states, &head, &second, (500, ""));
    assert_eq!(response(decision).0.status, 503);
    assert_eq!(Gateway::responder(&states), "rate-limit");
}

/// On hosts without attributes, only the chain knows the claims.
#[test]
fn claims_reach_the_filters_behind_a_callout() {
    // {"alg": "HS256"} and {"iss": "k", "org": "acme", "exp": 4000000000}, signed with SECRET.
    let token = "Bearer eyJhbGciOiJIUzI1NiJ9.\
                 eyJpc3MiOiJrIiwib3JnIjoiYWNtZSIsImV4cCI6NDAwMDAwMDAwMH0.\
                 8eK4hOxfe70gTDv3fejRzrpWNlXtqYhugRhYyWCM7UQ";
    let gateway = configured(&format!(
        r#"{{
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "rate_limit": {{{REDIS}}},
            "header_transform": {{"request": {{"add": {{"headers": ["x-org:$(claims.org)"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let lines = [("authorization", token), (":path", "/")];
    let callout = call(decide(&host, &gateway, &mut states, &lines));
    host.attributes.borrow_mut().clear();
    let (head, body) = (RequestHead::default(), result_of(&callout));
    let decision = decide_with_result(&host, &gateway, &mut states, &head, &callout, (200, &body));
    let Decision::Continue { mutations, .. } = decision else { panic!("responds") };
    let org = mutations.iter().find(|mutation| mutation.name() == "x-org");
    assert!(matches!(org, Some(HeaderMutation::Add(_, value)) if **value == *b"acme"));
}

/// The values were rendered before the request waited, or are rendered when it is refused.
#[test]
fn refusal_after_a_callout_passes_header_transform() {
    for order in [r#"["rate_limit", "header_transform"]"#, r#"["header_transform", "rate_limit"]"#]
    {
        let gateway = configured(&format!(
            r#"{{
                "order": {order},
                "rate_limit": {{{REDIS}}},
                "header_transform": {{"response": {{
                    "add": {{"headers": ["x-asked:$(headers.x-asked)"], "on_refusals": true}},
                    "append": {{"headers": ["x-unmarked:1"]}},
                    "security_headers": true}}}}
            }}"#
        ));
        let (host, mut states) = (TestHost::default(), States::default());
        let lines = [(":path", "/"), ("x-asked", "a")];
        let callout = call(decide(&host, &gateway, &mut states, &lines));
        let borrowed = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
        let head = RequestHead { headers: Headers::borrowed(borrowed) };
        let decision = decide_with_result(&host, &gateway, &mut states, &head, &callout, (500, ""));
        let (local, _) = response(decision);
        assert_eq!(local.status, 503, "{order}");
        assert_eq!(value(&local, "x-asked"), Some("a"), "{order}");
        assert_eq!(value(&local, "x-content-type-options"), Some("nosniff"), "{order}");
        assert_eq!(value(&local, "x-unmarked"), None, "{order}");
    }
}

#[test]
fn request_may_wait_for_redis_and_then_for_keys() {
    let gateway = configured(&format!(
        r#"{{"order": ["cors", "rate_limit", "jwt_auth"], "cors": {{"origins": ["*"]}},
            "rate_limit": {{{REDIS}}}, "jwt_auth": {{"jwks": [{ISSUER}]}}}}"#
    ));
    let (host, mut states) = worker();
    let token = format!("Bearer {}", token());
    let lines = [("authorization", token.as_str()), (":path", "/")];
    let head = RequestHead {
        headers: Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()))),
    };
    let callout = call(decide(&host, &gateway, &mut states, &lines));
    let body = result_of(&callout);
    let decision = decide_with_result(&host, &gateway, &mut states, &head, &callout, (200, &body));
    let ticket = ticket(decision);
    fetch_keys(&host, &gateway, &mut states);
    let (local, reason) = response(decide_again(&host, &gateway, &mut states, &lines, &ticket));
    assert_eq!((local.status, reason), (401, "bad_signature"));
    assert_eq!(value(&local, "x-ratelimit-remaining-hour"), Some("0"));
    let mut expected = [
        "cors.decision=no_origin.decisions",
        "jwt-auth.decision=bad_signature.decisions",
        "rate-limit.decision=allowed.decisions",
        "rate-limit.event=redis_called.events",
    ];
    expected.sort_unstable();
    let mut found = counted(&host, &gateway);
    found.retain(|name| !name.ends_with(".redis_answers"));
    found.sort_unstable();
    assert_eq!(found, expected);
}
