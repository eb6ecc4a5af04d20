//! The order of calls, and how decisions combine.

use super::*;

#[test]
fn later_filters_see_the_mutations_of_earlier_filters() {
    let gateway = configured(&format!(
        r#"{{
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true}},
            "rate_limit": {{"hour": 1, "limit_by": "consumer"}},
            "header_transform": {{"request": {{"rename": {{"headers": ["x-consumer-id:x-forged"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    // jwt-auth removes a forged identity. rate-limit does not count by it, and header-transform does
    // not rename it.
    for id in ["a", "b"] {
        let decision = decide(&host, &gateway, &mut states, &[("x-consumer-id", id)]);
        if id == "b" {
            assert_eq!(response(decision).0.status, 429);
            continue;
        }
        let Decision::Continue { mutations, .. } = decision else { panic!("responds") };
        assert!(mutations.iter().any(|mutation| {
            matches!(mutation, HeaderMutation::Remove(name) if name.as_str() == "x-consumer-id")
        }));
        assert!(!mutations.iter().any(|mutation| {
            matches!(mutation, HeaderMutation::Set(name, _) | HeaderMutation::Add(name, _) if name.as_str() == "x-forged")
        }));
    }
}

#[test]
fn local_response_passes_the_earlier_filters() {
    let gateway = configured(&format!(
        r#"{{
            "cors": {{"origins": ["https://app.novasphere.io"], "credentials": true}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "header_transform": {{"response": {{"add": {{"headers": ["x-after:1"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let origin = [("origin", "https://app.novasphere.io"), (":method", "GET"), (":path", "/")];
    let (local, reason) = response(decide(&host, &gateway, &mut states, &origin));
    assert_eq!((local.status, reason), (401, "no_token"));
    assert_eq!(Gateway::responder(&states), "jwt-auth");
    assert_eq!(value(&local, "access-control-allow-origin"), Some("https://app.novasphere.io"));
    assert_eq!(value(&local, "access-control-allow-credentials"), Some("true"));
    assert_eq!(value(&local, "vary"), Some("Origin"));
    assert_eq!(value(&local, "www-authenticate"), Some("Bearer"));
    assert_eq!(value(&local, "x-after"), None, "that filter comes later");
    let names: Vec<&str> = local.headers.iter().map(|(name, _)| name.as_str()).collect();
    let mut distinct = names.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(names.len(), distinct.len(), "{names:?}");
}

/// The values are rendered for the refusal only if its rules need them, and count no other events.
#[test]
fn refusal_of_an_earlier_filter_gets_rendered_values() {
    let gateway = configured(&format!(
        r#"{{
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
            "header_transform": {{"response": {{
                "add": {{"headers": ["x-asked:$(headers.x-asked)", "x-other:$(headers.x-other)"],
                    "on_refusals": true}},
                "append": {{"headers": ["x-third:$(headers.x-third)"]}}}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let (local, reason) =
        response(decide(&host, &gateway, &mut states, &[(":path", "/"), ("x-asked", "a\tb")]));
    assert_eq!((local.status, reason), (401, "no_token"));
    assert_eq!(value(&local, "x-asked"), Some("a\tb"));
    assert_eq!((value(&local, "x-other"), value(&local, "x-third")), (None, None));
    assert_eq!(
        recorded(&host, &gateway),
        ["jwt-auth.decision=no_token.decisions", "header-transform.event=input_missing.events",]
    );
}

/// Behind the filter that refuses and before it, the same rules apply.
#[test]
fn refusals_are_the_same_in_every_order() {
    let chain = |order: &str| {
        configured(&format!(
            r#"{{
                "order": {order},
                "cors": {{"origins": ["https://a.example"]}},
                "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}]}},
                "header_transform": {{"response": {{
                    "remove": {{"headers": ["access-*", "ww*", "x-*", "ret*"],
                        "on_refusals": true}},
                    "append": {{"headers": ["vary:accept", "x-a:1", "x-a:2"],
                        "on_refusals": true}},
                    "replace": {{"headers": ["vary:none"]}},
                    "security_headers": {{"override": true}}}}}}
            }}"#
        ))
    };
    let lines = [("origin", "https://a.example"), (":method", "GET"), (":path", "/")];
    for order in [
        r#"["cors", "jwt_auth", "header_transform"]"#,
        r#"["cors", "header_transform", "jwt_auth"]"#,
        r#"["header_transform", "cors", "jwt_auth"]"#,
    ] {
        let (gateway, host, mut states) = (chain(order), TestHost::default(), States::default());
        let (local, _) = response(decide(&host, &gateway, &mut states, &lines));
        assert_eq!(value(&local, "www-authenticate"), Some("Bearer"), "{order}");
        let allowed = value(&local, "access-control-allow-origin");
        assert_eq!(allowed, Some("https://a.example"), "{order}");
        let vary = value(&local, "vary").map(str::to_ascii_lowercase).unwrap_or_default();
        let mut vary: Vec<_> = vary.split(", ").collect();
        vary.sort_unstable();
        assert_eq!(vary, ["accept", "origin"], "{order}");
        assert_eq!(value(&local, "x-a"), Some("1, 2"), "{order}");
        assert_eq!(value(&local, "x-frame-options"), Some("DENY"), "{order}");
    }
}

#[test]
fn response_passes_the_filters_in_reverse_order() {
    let gateway = configured(
        r#"{"cors": {"origins": ["https://a.example"]},
            "header_transform": {"response": {"add": {"headers": ["vary:Accept"]}}}}"#,
    );
    let (host, mut states) = (TestHost::default(), States::default());
    let Decision::Continue { carry, .. } =
        decide(&host, &gateway, &mut states, &[("origin", "https://a.example")])
    else {
        panic!("responds");
    };
    let mut head = ResponseHead::default();
    let mutations = gateway.on_response(carry, &ResponseHead::default());
    head.headers.apply(&mutations);
    let vary: Vec<String> =
        head.headers.get_all("vary").map(|v| String::from_utf8_lossy(v).into_owned()).collect();
    assert_eq!(vary.join(", "), "Accept, Origin");
}

#[test]
fn counts_decisions_under_the_filters_names() {
    let gateway =
        configured(r#"{"cors": {"origins": ["https://a.example"]}, "rate_limit": {"hour": 1}}"#);
    let (host, mut states) = (TestHost::default(), States::default());
    decide(&host, &gateway, &mut states, &[]);
    decide(&host, &gateway, &mut states, &[]);
    assert_eq!(
        recorded(&host, &gateway),
        [
            "cors.decision=no_origin.decisions",
            "rate-limit.decision=allowed.decisions",
            "rate-limit.rule=default.window=hour.full_windows",
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

/// A client's `X-Consumer-ID` is no identity to a filter behind jwt-auth.
#[test]
fn headers_of_a_refusal_are_rendered_from_the_request_as_earlier_filters_left_it() {
    let mut host = TestHost::default();
    host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
    let config = r#"{
        "jwt_auth": {"credentials": [{"key": "k", "secret": {"env": "SECRET"}}], "optional": true},
        "rate_limit": {"hour": 1, "limit_by": "constant"},
        "header_transform": {"response": {"add": {
            "headers": ["X-User: $(headers.x-consumer-id | none)"], "on_refusals": true}}}}"#;
    let gateway = Gateway::from_json(config.as_bytes(), &host).unwrap();
    let mut states = States::default();
    let lines = [(":method", "GET"), (":path", "/"), ("x-consumer-id", "admin")];
    decide(&host, &gateway, &mut states, &lines);
    let (refusal, _) = response(decide(&host, &gateway, &mut states, &lines));
    assert_eq!((refusal.status, value(&refusal, "x-user")), (429, Some("none")));
}

/// jwt-auth has not run, so the client reads back its own value.
#[test]
fn rejection_before_jwt_auth_uses_the_identity_headers_of_the_client() {
    let mut host = TestHost::default();
    host.variables.insert("SECRET".to_owned(), SECRET.to_owned());
    let configured = |order: &str| {
        let config = format!(
            r#"{{"order": ["cors", {order}, "header_transform"],
            "cors": {{"origins": ["https://a.example"], "block_disallowed": true}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}]}},
            "rate_limit": {{"hour": 1, "limit_by": "constant"}},
            "header_transform": {{"response": {{"add": {{
                "headers": ["X-User: $(headers.x-consumer-id | none)"], "on_refusals": true}}}}}}}}"#
        );
        Gateway::from_json(config.as_bytes(), &host).unwrap()
    };
    for (order, origin, refusals) in [
        (r#""jwt_auth", "rate_limit""#, "https://b.example", [(403, "admin"); 2]),
        (r#""jwt_auth", "rate_limit""#, "https://a.example", [(401, "none"); 2]),
        (r#""rate_limit", "jwt_auth""#, "https://a.example", [(401, "none"), (429, "admin")]),
    ] {
        let (gateway, mut states) = (configured(order), States::default());
        for expected in refusals {
            let lines = [
                (":method", "POST"),
                (":path", "/"),
                ("origin", origin),
                ("x-consumer-id", "admin"),
            ];
            let (refusal, _) = response(decide(&host, &gateway, &mut states, &lines));
            let user = value(&refusal, "x-user").unwrap();
            assert_eq!((refusal.status, user), expected, "{order} {origin}");
        }
    }
}

/// A gRPC client would take such a refusal for a success.
#[test]
fn no_rule_gives_a_refusal_a_grpc_status() {
    let auth = r#""jwt_auth": {"credentials": [{"key": "k", "secret": "a secret of more than 32 bytes"}]}"#;
    for rule in ["add", "append", "replace"] {
        let transform = format!(
            r#""header_transform": {{"response": {{"{rule}": {{
                "headers": ["grpc-status: 0"], "on_refusals": true}}}}}}"#
        );
        let faults = faults(&format!("{{{auth}, {transform}}}"));
        assert!(faults.contains(r#""grpc-status" belongs to the filter"#), "{rule}: {faults}");
    }
}
