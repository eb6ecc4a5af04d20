//! Requests that wait for keys or for a callout resume at the filter that made them wait.

use super::*;

const ISSUER: &str = r#"{"issuer": "https://id.example", "cluster": "id", "path": "/keys"}"#;

/// The key of RFC 7515 appendix A.3.1.
const KEYS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

/// An ES256 token of that issuer and `kid`, with a wrong signature.
fn token() -> String {
    let signature = "A".repeat(86);
    format!(
        "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.\
         eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJleHAiOjQwMDAwMDAwMDB9.{signature}"
    )
}

/// A host on which requests can wait, and a worker's memory.
fn worker() -> (TestHost, States) {
    let host = TestHost::default();
    host.can_pause.set(true);
    (host, States::default())
}

/// Decides about a request. If it `waits`, the keys arrive only after it paused.
fn pass<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
    waits: bool,
) -> Decision<'f, ChainCarry> {
    if !waits {
        fetch_keys(host, gateway, states);
        return decide(host, gateway, states, lines);
    }
    let ticket = ticket(decide(host, gateway, states, lines));
    fetch_keys(host, gateway, states);
    decide_again(host, gateway, states, lines, &ticket)
}

/// The recorded metrics without the events of jwt-auth, which looks for the token each time.
fn counted(host: &TestHost, gateway: &Gateway) -> Vec<String> {
    let mut counted = recorded(host, gateway);
    counted.retain(|name| !name.starts_with("jwt-auth.event="));
    counted
}

fn ticket(decision: Decision<'_, ChainCarry>) -> Rc<dyn Any> {
    let Decision::Pause { ticket, .. } = decision else { panic!("does not pause") };
    ticket
}

fn fetch_keys(host: &TestHost, gateway: &Gateway, states: &mut States) {
    let actions = gateway.on_timer(states, &host.env());
    let [fetch] = actions.fetches.as_slice() else { panic!("{actions:?}") };
    let body = KEYS.as_bytes();
    let response = FetchResponse { status: 200, headers: Headers::default(), body };
    assert!(gateway.on_fetch(fetch.purpose, Ok(response), states, &host.env()).wake);
}

fn decide_again<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
    ticket: &Rc<dyn Any>,
) -> Decision<'f, ChainCarry> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    let head = RequestHead { headers: Headers::borrowed(lines) };
    gateway.on_request(&head, states, &Env { ticket: Some(ticket), ..host.env() })
}

#[test]
fn counts_paused_requests_when_they_are_decided() {
    let gateway = configured(&format!(
        r#"{{"cors": {{"origins": ["*"]}}, "jwt_auth": {{"jwks": [{ISSUER}]}}}}"#
    ));
    let (host, mut states) = worker();
    let token = format!("Bearer {}", token());
    let decision =
        decide(&host, &gateway, &mut states, &[("authorization", &token), (":path", "/")]);
    let Decision::Pause { queue, .. } = decision else { panic!("does not pause") };
    assert_eq!(queue % 4, 1, "of the second filter");
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let actions = gateway.on_timer(&mut states, &host.env());
    assert_eq!(actions.fetches.len(), 1);
    assert_eq!(actions.fetches[0].purpose % 4, 1);
}

#[test]
fn limits_before_jwt_auth_count_a_waiting_request_once() {
    let gateway = configured(&format!(
        r#"{{"order": ["rate_limit", "jwt_auth"], "rate_limit": {{"hour": 2}},
            "jwt_auth": {{"jwks": [{ISSUER}]}}}}"#
    ));
    let (host, mut states) = worker();
    let token = format!("Bearer {}", token());
    let lines = [("authorization", token.as_str()), (":path", "/")];
    let remaining = |decision| {
        let (local, reason) = response(decision);
        let remaining = value(&local, "x-ratelimit-remaining-hour").map(str::to_owned);
        (local.status, reason, remaining.unwrap_or_default())
    };
    let first = remaining(pass(&host, &gateway, &mut states, &lines, true));
    assert_eq!(first, (401, "bad_signature", "1".to_owned()));
    let second = remaining(decide(&host, &gateway, &mut states, &lines));
    assert_eq!(second, (401, "bad_signature", "0".to_owned()));
    assert_eq!(remaining(decide(&host, &gateway, &mut states, &lines)).0, 429);
    let allowed = "rate-limit.decision=allowed.decisions";
    assert_eq!(counted(&host, &gateway).iter().filter(|name| *name == allowed).count(), 2);
}

/// All orders of the four filters.
fn orders() -> Vec<Vec<&'static str>> {
    let mut orders = vec![vec![]];
    for name in ["cors", "jwt_auth", "rate_limit", "header_transform"] {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<&str>| {
                (0..=order.len()).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, name);
                    order
                })
            })
            .collect();
    }
    orders
}

/// A chain whose filters change what the others read.
fn chain_in_order(order: &[&str], anonymous: bool) -> String {
    let anonymous = if anonymous { r#", "anonymous": {"id": "guest"}"# } else { "" };
    format!(
        r#"{{"order": {order:?},
            "cors": {{"origins": ["https://a.example"]}},
            "jwt_auth": {{"jwks": [{ISSUER}], "uri_param_names": ["token", "sent"] {anonymous}}},
            "rate_limit": {{"hour": 5, "limit_by": "header", "header_name": "x-new"}},
            "header_transform": {{
                "request": {{"rename": {{"querystring": ["sent:token"]}},
                    "remove": {{"querystring": ["q"]}}, "add": {{"headers": ["x-new:1"]}},
                    "append": {{"headers": ["x-new:2"]}}}},
                "response": {{"add": {{"headers": ["x-after:1"]}}}}}}}}"#
    )
}

/// The request passes if invalid tokens are anonymous, and gets 401 otherwise.
#[test]
fn waiting_changes_neither_mutations_nor_responses_nor_counts() {
    let target = format!("/a?sent={}&q=1", token());
    let lines = [
        (":method", "GET"),
        (":path", target.as_str()),
        ("origin", "https://a.example"),
        ("x-consumer-id", "forged"),
    ];
    let orders = orders();
    assert_eq!(orders.len(), 24);
    let mut passed = 0;
    for (order, anonymous) in orders.iter().flat_map(|order| [(order, false), (order, true)]) {
        let config = chain_in_order(order, anonymous);
        let outcome = |waits| {
            let gateway = configured(&config);
            let (host, mut states) = worker();
            let text = match pass(&host, &gateway, &mut states, &lines, waits) {
                Decision::Continue { mutations, carry, .. } => {
                    let response = gateway.on_response(carry, &ResponseHead::default());
                    format!("passes with {mutations:?} and {response:?}")
                }
                Decision::Respond { mutations, response, .. } => {
                    format!("gets {response:?} after {mutations:?}")
                }
                Decision::Pause { .. } | Decision::Call(_) => panic!("waits"),
            };
            (text, counted(&host, &gateway))
        };
        let waited = outcome(true);
        passed += usize::from(waited.0.starts_with("passes"));
        assert_eq!(waited, outcome(false), "{config}");
    }
    assert_eq!(passed, 24);
}

const REDIS: &str = r#""hour": 1, "policy": "redis",
    "redis": {"uri": "http://redis:80/", "on_error": "deny"}"#;

fn call<'f>(decision: Decision<'f, ChainCarry>) -> Callout<'f> {
    let Decision::Call(callout) = decision else { panic!("makes no callout") };
    callout
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
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}],
                "claims_to_attributes": [{{"claim": "org", "attribute": "org"}}]}},
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

/// The client went away while it waited. Nothing counts twice for the next request.
#[test]
fn ticket_resumes_a_request_once() {
    let gateway = configured(&format!(
        r#"{{"order": ["rate_limit", "jwt_auth"], "rate_limit": {{"hour": 9}},
            "jwt_auth": {{"jwks": [{ISSUER}]}}}}"#
    ));
    let (host, mut states) = worker();
    let token = format!("Bearer {}", token());
    let lines = [("authorization", token.as_str()), (":path", "/")];
    let first = ticket(decide(&host, &gateway, &mut states, &lines));
    // The keys have not arrived yet: the request waits again, with a new ticket.
    let second = ticket(decide_again(&host, &gateway, &mut states, &lines, &first));
    fetch_keys(&host, &gateway, &mut states);
    let (local, _) = response(decide_again(&host, &gateway, &mut states, &lines, &second));
    assert_eq!(value(&local, "x-ratelimit-remaining-hour"), Some("8"));
}
