//! Requests that wait for keys.

use super::*;

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
fn abandoned_fetch_is_due_for_the_next_configuration() {
    let gateway = configured(&format!(
        r#"{{"cors": {{"origins": ["*"]}}, "jwt_auth": {{"jwks": [{ISSUER}]}}}}"#
    ));
    let (host, mut old) = worker();
    assert_eq!(gateway.on_timer(&mut old, &host.env()).fetches.len(), 1);
    let mut new = States::default();
    assert_eq!(gateway.on_timer(&mut new, &host.env()).fetches.len(), 0);
    gateway.abandon_fetches(&mut old, &host.env());
    assert_eq!(gateway.on_timer(&mut new, &host.env()).fetches.len(), 1);
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

/// A chain whose filters change headers that the others read.
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

#[test]
fn request_may_wait_again() {
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
