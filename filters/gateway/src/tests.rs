use novasphere_core::{
    CalloutResult, Decision, Env, FetchResponse, Filter, HeaderMutation, Headers, LocalResponse,
    RequestHead, ResponseHead, testing::TestHost,
};

use crate::{Gateway, chain::ChainCarry, entry::States};

mod sight;

const SECRET: &str = "a secret of more than thirty-two bytes";

fn configured(config: &str) -> Gateway {
    Gateway::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

fn refusal(config: &str) -> String {
    Gateway::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
}

fn ask<'f>(
    host: &TestHost,
    gateway: &'f Gateway,
    states: &mut States,
    lines: &[(&str, &str)],
) -> Decision<'f, ChainCarry> {
    let lines = lines.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes()));
    let head = RequestHead { headers: Headers::borrowed(lines) };
    gateway.on_request(&head, states, &host.env())
}

fn response<'f>(step: Decision<'f, ChainCarry>) -> (LocalResponse<'f>, &'static str) {
    match step {
        Decision::Respond { response, reason, .. } => (response, reason),
        Decision::Continue { .. } => panic!("passes"),
        Decision::Pause { .. } | Decision::Call(_) => panic!("waits"),
    }
}

fn value<'r>(response: &'r LocalResponse<'_>, name: &str) -> Option<&'r str> {
    let line = response.headers.iter().find(|(known, _)| known.as_str() == name);
    line.map(|(_, value)| str::from_utf8(value).unwrap())
}

/// The metrics recorded, by name.
fn recorded(host: &TestHost, gateway: &Gateway) -> Vec<String> {
    let metrics = gateway.metric_definitions();
    let records = host.records.borrow();
    let name = |(place, _): &(usize, u32)| {
        format!("{}.{}.{}", metrics[*place].filter, metrics[*place].labels, metrics[*place].name)
    };
    records.iter().map(name).collect()
}

#[test]
fn every_filter_sees_what_those_before_it_did() {
    let gateway = configured(&format!(
        r#"{{
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true}},
            "rate_limit": {{"hour": 1, "limit_by": "consumer"}},
            "header_transform": {{"request": {{"rename": {{"headers": ["x-consumer-id:x-forged"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    // A forged identity is gone before the limits are looked up, and is not renamed either.
    for id in ["a", "b"] {
        let step = ask(&host, &gateway, &mut states, &[("x-consumer-id", id)]);
        if id == "b" {
            assert_eq!(response(step).0.status, 429);
            continue;
        }
        let Decision::Continue { mutations, .. } = step else { panic!("refused") };
        assert!(mutations.iter().any(|edit| {
            matches!(edit, HeaderMutation::Remove(name) if name.as_str() == "x-consumer-id")
        }));
        assert!(!mutations.iter().any(|edit| {
            matches!(edit, HeaderMutation::Set(name, _) | HeaderMutation::Add(name, _) if name.as_str() == "x-forged")
        }));
    }
}

#[test]
fn a_reply_passes_the_filters_before_the_one_that_made_it() {
    let gateway = configured(&format!(
        r#"{{
            "cors": {{"origins": ["https://app.novasphere.io"], "credentials": true}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "header_transform": {{"response": {{"add": {{"headers": ["x-after:1"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let origin = [("origin", "https://app.novasphere.io"), (":method", "GET"), (":path", "/")];
    let (answer, reason) = response(ask(&host, &gateway, &mut states, &origin));
    assert_eq!((answer.status, reason), (401, "no_token"));
    assert_eq!(Gateway::responder(&states), "jwt-auth");
    assert_eq!(value(&answer, "access-control-allow-origin"), Some("https://app.novasphere.io"));
    assert_eq!(value(&answer, "access-control-allow-credentials"), Some("true"));
    assert_eq!(value(&answer, "vary"), Some("Origin"));
    assert_eq!(value(&answer, "www-authenticate"), Some("Bearer"));
    assert_eq!(value(&answer, "x-after"), None, "that filter is behind");
    let names: Vec<&str> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(names.len(), distinct.len(), "{names:?}");
}

#[test]
fn decisions_are_those_of_the_filters() {
    let gateway =
        configured(r#"{"cors": {"origins": ["https://a.example"]}, "rate_limit": {"hour": 1}}"#);
    let (host, mut states) = (TestHost::default(), States::default());
    ask(&host, &gateway, &mut states, &[]);
    ask(&host, &gateway, &mut states, &[]);
    assert_eq!(
        recorded(&host, &gateway),
        [
            "cors.decision=no_origin.decisions",
            "rate-limit.decision=allowed.decisions",
            "rate-limit.decision=limited.decisions",
            "cors.decision=no_origin.decisions",
        ]
    );
    let metrics = gateway.metric_definitions();
    assert!(metrics.iter().any(|m| m.filter == "rate-limit" && m.name == "table_clients"));
    host.records.borrow_mut().clear();
    host.millis.set(60_000);
    gateway.on_timer(&mut states, &host.env());
    assert_eq!(recorded(&host, &gateway), ["rate-limit.max_clients=65536.table_clients"]);
}

#[test]
fn the_response_passes_the_last_filter_first() {
    let gateway = configured(
        r#"{"cors": {"origins": ["https://a.example"]},
            "header_transform": {"response": {"add": {"headers": ["vary:Accept"]}}}}"#,
    );
    let (host, mut states) = (TestHost::default(), States::default());
    let Decision::Continue { carry, .. } =
        ask(&host, &gateway, &mut states, &[("origin", "https://a.example")])
    else {
        panic!("refused");
    };
    let mut head = ResponseHead::default();
    head.headers.apply(gateway.on_response(carry, &ResponseHead::default()));
    let vary: Vec<String> =
        head.headers.get_all("vary").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    assert_eq!(vary.join(", "), "Accept, Origin");
}

#[test]
fn claims_reach_later_filters_of_the_chain_on_every_host() {
    let host = TestHost::default();
    host.passes_attributes.set(false);
    let config = |order: &str| {
        format!(
            r#"{{
                "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}],
                    "claims_to_attributes": [{{"claim": "org", "attribute": "org"}}]}},
                "rate_limit": {{"hour": 1, "limit_by": "claim", "claim_name": "org"}},
                "order": {order}
            }}"#
        )
    };
    Gateway::from_json(config(r#"["jwt_auth", "rate_limit"]"#).as_bytes(), &host).unwrap();
    let errors =
        Gateway::from_json(config(r#"["rate_limit", "jwt_auth"]"#).as_bytes(), &host).unwrap_err();
    assert!(errors.to_string().starts_with("rate_limit.claim_name: cannot be"), "{errors}");
}

#[test]
fn faults_of_all_filters_are_told_at_once() {
    assert_eq!(
        refusal(
            r#"{"cors": {"origns": []}, "rate_limit": {"minute": 0},
                "jwt_auth": {"credentials": []}, "cros": 1}"#
        )
        .lines()
        .map(|line| line.split(": ").next().unwrap())
        .collect::<Vec<_>>(),
        ["cors.origns", "cros", "jwt_auth.credentials", "rate_limit.minute"]
    );
    assert!(refusal("{}").starts_with("configuration: has no effect"));
}

#[test]
fn the_order_names_what_is_configured_once() {
    let chain = |order: &str| {
        refusal(&format!(
            r#"{{"cors": {{"origins": ["*"]}}, "rate_limit": {{"hour": 1}}, "order": {order}}}"#
        ))
    };
    assert_eq!(chain(r#"["cors"]"#), "order: must list rate_limit, which is configured");
    assert_eq!(
        chain(r#"["cors", "rate_limit", "cors", "jwt_auth"]"#),
        "order[2]: cors is listed twice\n\
         order[3]: jwt_auth is not configured: configure it or remove it"
    );
    assert!(chain(r#"["csrf"]"#).starts_with("order[0]: expected one of cors, jwt_auth"));
    let jwks = r#"{"jwt_auth": {"jwks": [{"issuer": "https://id.example", "cluster": "id", "path": "/keys"}]},
        "rate_limit": {"hour": 1}, "order": ["rate_limit", "jwt_auth"]}"#;
    assert!(
        refusal(jwks).contains("count a request that waits for keys twice"),
        "{}",
        refusal(jwks)
    );
}

#[test]
fn a_limit_may_stand_before_keys_that_are_there() {
    let gateway = configured(&format!(
        r#"{{"jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "rate_limit": {{"hour": 1}}, "order": ["rate_limit", "jwt_auth"]}}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    assert_eq!(response(ask(&host, &gateway, &mut states, &[])).0.status, 401);
    assert_eq!(Gateway::responder(&states), "jwt-auth");
    let (answer, _) = response(ask(&host, &gateway, &mut states, &[]));
    assert_eq!(answer.status, 429);
    assert_eq!(Gateway::responder(&states), "rate-limit");
}

#[test]
fn a_value_left_blank_is_refused_by_its_filter() {
    let refused = refusal(r#"{"cors": {"origins": null}, "rate_limit": {"minute": null}}"#);
    let blank = "expected a value, got null; remove the field to get its default";
    assert_eq!(refused, format!("cors.origins: {blank}\nrate_limit.minute: {blank}"));
}

#[test]
fn requests_that_wait_are_counted_when_they_are_decided() {
    let gateway = configured(
        r#"{"cors": {"origins": ["*"]},
            "jwt_auth": {"jwks": [{"issuer": "https://id.example", "cluster": "id", "path": "/keys"}]}}"#,
    );
    let (host, mut states) = (TestHost::default(), States::default());
    host.can_pause.set(true);
    let token = format!(
        "Bearer {}.{}.c2lnbmF0dXJl",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ",
        "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJleHAiOjQwMDAwMDAwMDB9"
    );
    let step = ask(&host, &gateway, &mut states, &[("authorization", &token), (":path", "/")]);
    let Decision::Pause { queue, .. } = step else { panic!("does not wait") };
    assert_eq!(queue % 4, 1, "the second filter's");
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let duty = gateway.on_timer(&mut states, &host.env());
    assert_eq!(duty.fetches.len(), 1);
    assert_eq!(duty.fetches[0].purpose % 4, 1);
}

#[test]
fn identity_headers_are_believed_behind_jwt_auth_only() {
    let chain = |order: &str, limit: &str| {
        let config = format!(
            r#"{{"jwt_auth": {{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}]}},
                "rate_limit": {{"hour": 1, {limit}}}, "order": {order}}}"#
        );
        let mut host = TestHost::default();
        host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
        let result = Gateway::from_json(config.as_bytes(), &host);
        let warnings = host.warnings.take();
        (result.err().map(|errors| errors.to_string()), warnings)
    };
    for limit in [r#""limit_by": "consumer""#, r#""allow": {"consumers": ["ci"]}"#] {
        let (errors, _) = chain(r#"["rate_limit", "jwt_auth"]"#, limit);
        assert!(errors.is_some_and(|e| e.contains("that clients send: move it after")), "{limit}");
        assert_eq!(chain(r#"["jwt_auth", "rate_limit"]"#, limit), (None, vec![]));
    }
    assert_eq!(chain(r#"["rate_limit", "jwt_auth"]"#, r#""limit_by": "ip""#).0, None);
}

#[test]
fn a_chain_written_as_text_is_not_quoted() {
    let errors = refusal(r#"{"jwt_auth": "{\"credentials\": [{\"secret\": \"s3cret\"}]}"}"#);
    assert_eq!(errors, "jwt_auth: expected an object, got a string");
}

/// The chain goes on from the start when the answer is there, and the one that asked gets it.
#[test]
fn the_filter_that_asked_gets_the_answer_and_all_is_counted_once() {
    let gateway = configured(&format!(
        r#"{{
            "cors": {{"origins": ["https://a.example"]}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true}},
            "rate_limit": {{"hour": 1, "policy": "redis", "limit_by": "claim", "claim_name": "org",
                "redis": {{"uri": "http://redis:80/", "on_error": "deny"}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let Decision::Call(call) = ask(&host, &gateway, &mut states, &[(":path", "/")]) else {
        panic!("does not ask");
    };
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let body = String::from_utf8(call.body).unwrap();
    let nonce = body.split('"').nth(9).unwrap();
    let answer = format!(r#"{{"result":["{nonce}",1,5000,1]}}"#);
    let response = |status, body| {
        Ok(FetchResponse { status, headers: Headers::default(), body: str::as_bytes(body) })
    };
    let mut again = |response| {
        let answer = CalloutResult { ticket: &call.ticket, response: &response };
        let env = Env { callout: Some(answer), ..host.env() };
        gateway.on_request(&RequestHead::default(), &mut states, &env)
    };
    assert!(matches!(again(response(200, &answer)), Decision::Continue { .. }));
    let counted = recorded(&host, &gateway);
    for once in [
        "cors.decision=no_origin.decisions",
        "jwt-auth.decision=optional.decisions",
        "rate-limit.decision=allowed.decisions",
        "rate-limit.event=fell_back_to_ip.events",
        "rate-limit.event=redis_called.events",
    ] {
        assert_eq!(counted.iter().filter(|name| *name == once).count(), 1, "{once}: {counted:?}");
    }
    assert!(
        matches!(again(response(500, "")), Decision::Respond { response, .. } if response.status == 503)
    );
    assert_eq!(Gateway::responder(&states), "rate-limit");
}
