//! Rules, client lists, and `report_only`.

use super::*;

const RULES: &str = r#"{
    "hour": 100, "limit_by": "constant",
    "rules": [
        {"name": "health", "path": "/api/v1/healthz", "unlimited": true},
        {"name": "login", "methods": ["POST"], "path": "/api/v1/login", "hour": 2, "limit_by": "ip"},
        {"name": "console", "path_template": "/api/v1/wukongs/{name}/console", "cost": 40},
        {"name": "gold", "claim": {"name": "tier", "one_of": ["gold", "platinum"]}, "hour": 1000},
        {"name": "admin", "route": "admin", "header": {"name": "X-Team", "one_of": ["ops"]}, "hour": 7}
    ]
}"#;

fn get(path: &'static str) -> [(&'static str, &'static str); 2] {
    [(":method", "GET"), (":path", path)]
}

#[test]
fn first_matching_rule_applies() {
    let filter = build(RULES);
    let (host, mut state) = (host(), State::default());
    let mut remaining = |lines: &[(&str, &str)]| {
        let headers = headers(send(&host, &filter, &mut state, lines), &filter);
        headers
            .split("x-ratelimit-remaining-hour=")
            .nth(1)
            .map(|rest| rest.split(' ').next().unwrap().parse::<u32>().unwrap())
    };
    assert_eq!(remaining(&get("/api/v1/wukongs")), Some(99));
    assert_eq!(remaining(&get("/api/v1/wukongs/one/console")), Some(59));
    assert_eq!(remaining(&get("/api/v1/wukongs/two/console?x=1")), Some(19));
    assert_eq!(remaining(&get("/api/v1/wukongs/two/console")), Some(19), "refused, not counted");
    assert_eq!(remaining(&get("/api/v1/login")), Some(18), "only POST");
    assert_eq!(remaining(&get("/api/v1/healthz")), None);
    assert_eq!(remaining(&[(":method", "POST"), (":path", "/api/v1/login")]), Some(1));
    let lower = [(":method", "post"), (":path", "/api/v1/login")];
    assert_eq!(remaining(&lower), Some(0), "some servers ignore the case of methods");
    host.attributes.borrow_mut().insert("tier".to_owned(), b"gold".to_vec());
    assert_eq!(remaining(&get("/api/v1/wukongs")), Some(999));
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "ops")]), Some(998), "both must hold");
    host.attributes.borrow_mut().insert("tier".to_owned(), b"golden".to_vec());
    *host.route.borrow_mut() = Some(b"admin".to_vec());
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "ops")]), Some(6));
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "dev")]), Some(17));
}

#[test]
fn path_variants_match_the_same_limit() {
    let filter = build(RULES);
    let (host, mut state) = (host(), State::default());
    let variants = [
        "/api/v1/login",
        "/api/v1/login/",
        "//api/v1/login",
        "/api/v1/%6cogin",
        "/api/v1/x/../login",
        "/api/v1/login;a=b",
        "/api%2Fv1%2flogin",
        "/api\\v1\\login",
        "/api/v1/%2e/login",
        "/api/v1/login%20",
    ];
    let allowed = variants
        .iter()
        .filter(|path| passes(&host, &filter, &mut state, &[(":method", "POST"), (":path", path)]));
    assert_eq!(allowed.count(), 2);
}

#[test]
fn literal_path_matches_too() {
    let rules = |rules: &str| build(&format!(r#"{{"rules": [{rules}]}}"#));
    let allowed = |filter: &RateLimit, paths: &[&str]| {
        let (host, mut state) = (host(), State::default());
        let send = |path: &&&str| passes(&host, filter, &mut state, &[(":path", path)]);
        paths.iter().filter(send).count()
    };
    let export = rules(r#"{"name": "e", "path_prefix": "/export", "hour": 1}"#);
    let variants =
        ["/export/x/../../y", "/export%3f", "/export%00", "/export%23", "/export;x", "/export/"];
    assert_eq!(allowed(&export, &variants), 1);
    let template = rules(r#"{"name": "t", "path_template": "/u/{id}/reset", "hour": 1}"#);
    let variants =
        ["/u/a%2fb/reset", "/u/;x/reset", "/u/%252e/reset", "/u/%20/reset", "/u/a/reset/"];
    assert_eq!(allowed(&template, &variants), 1);
    let slash = rules(r#"{"name": "s", "path": "/login/", "hour": 1}"#);
    let variants = ["//login/", "/login/;x", "/login;x/", "/login", "/login/"];
    assert_eq!(allowed(&slash, &variants), 1);
}

#[test]
fn path_of_two_rules_is_ambiguous() {
    let filter = build(
        r#"{"rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "export", "path_prefix": "/export", "hour": 1},
            {"name": "rest", "path_prefix": "/", "hour": 500}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    for path in ["/export/x/../../bulk/y", "/export/%252e%252e/bulk", "/bulk/..;/export"] {
        let decision = send(&host, &filter, &mut state, &[(":path", path)]);
        assert_eq!(reason(&decision), "ambiguous_path", "{path}");
        assert_eq!(response(decision).status, 400);
    }
    for path in ["/export/", "/bulk//", "/x;y", "/%2e/z", "/"] {
        let decision = send(&host, &filter, &mut state, &[(":path", path)]);
        assert_eq!(reason(&decision), "allowed", "{path}");
    }
}

/// The second rule matches all variants of the path, the first one only some.
#[test]
fn path_with_dot_dot_of_a_rule_and_a_catch_all_is_ambiguous() {
    let filter = build(
        r#"{"rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "rest", "path_prefix": "/", "hour": 1, "limit_by": "constant"}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |path| reason(&send(&host, &filter, &mut state, &[(":path", path)]));
    for path in ["/export/../bulk", "/export/..%2fbulk", "/export/%252e%252e/bulk"] {
        assert_eq!(decide(path), "ambiguous_path", "{path}");
    }
    assert_eq!(["/export", "/a/../export"].map(&mut decide), ["allowed", "limited"]);
    assert_eq!(["/bulk/", "/bulk;x", "//bulk", "/bulk/a/../b"].map(&mut decide), ["allowed"; 4]);
}

#[test]
fn path_with_dot_dot_of_a_rule_and_the_filter_is_ambiguous() {
    let filter = build(
        r#"{"hour": 1, "rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "health", "path": "/health", "unlimited": true}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |path| reason(&send(&host, &filter, &mut state, &[(":path", path)]));
    for path in ["/export/../bulk", "/export/..%2fbulk", "/export/%252e%252e/bulk"] {
        assert_eq!(decide(path), "ambiguous_path", "{path}");
    }
    assert_eq!(["/export", "/a/../export"].map(&mut decide), ["allowed", "limited"]);
    assert_eq!(["/bulk/", "/bulk;x", "//bulk", "/bulk/a/../b"].map(&mut decide), ["allowed"; 4]);
    assert_eq!(decide("/a/../health"), "limited");
}

/// The part before a `..` can be one segment to the server that resolves it, and none or two to the
/// most lenient server.
#[test]
fn variants_of_servers_that_resolve_dots_first_match() {
    let filter = build(
        r#"{"rules": [
            {"name": "login", "path": "/api/login", "hour": 1, "limit_by": "constant"},
            {"name": "other", "path": "/login", "hour": 9}]}"#,
    );
    let alone = build(r#"{"rules": [{"name": "login", "path": "/api/login", "hour": 1}]}"#);
    for path in [
        "/x%23/../api/login",
        "/x%3f/../api/login",
        "/api/..;/../login",
        "/api/..%20/../login",
        "/api/x\\y/../login",
        "/api/x%5cy/../login",
        "/api/x%2fy/../login",
        "/api/%252e%252e/../login",
        "/api//../login",
        "/api/%2f/../login",
        "/api/..;/%2e%2e/login",
        "/x%23/../api/login;y",
    ] {
        let (host, mut state) = (host(), State::default());
        let mut send = |filter| reason(&send(&host, filter, &mut state, &[(":path", path)]));
        assert_eq!([(); 2].map(|()| send(&alone)), ["allowed", "limited"], "{path}");
        let refused = send(&filter) == "ambiguous_path";
        assert!(refused || [send(&filter), send(&filter)].contains(&"limited"), "{path}");
    }
}

#[test]
fn unlimited_rule_matches_plain_paths_only() {
    let filter = build(RULES);
    let (host, mut state) = (host(), State::default());
    for path in ["/api/v1/healthz", "/api/v1/health%7a"] {
        let decision = send(&host, &filter, &mut state, &get(path));
        assert_eq!(reason(&decision), "not_limited", "{path}");
    }
    for path in
        ["/api/v1/healthz/", "//api/v1/healthz", "/api/v1/healthz;x", "/x/../api/v1/healthz"]
    {
        let decision = send(&host, &filter, &mut state, &[(":method", "GET"), (":path", path)]);
        assert_eq!(reason(&decision), "allowed", "{path}");
    }
}

#[test]
fn requests_without_a_rule_are_not_limited_if_the_filter_has_no_limits() {
    let filter = build(
        r#"{"rules": [{"name": "writes", "methods": ["POST"], "hour": 1, "limit_by": "ip"}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut send = |method| reason(&send(&host, &filter, &mut state, &[(":method", method)]));
    assert_eq!(send("POST"), "allowed");
    assert_eq!(send("POST"), "limited");
    assert_eq!(send("GET"), "not_limited");
}

#[test]
fn decisions_are_counted_per_rule() {
    let filter = build(
        r#"{"hour": 9, "max_clients": 1024, "rules": [
            {"name": "writes", "methods": ["POST"], "hour": 1},
            {"name": "health", "path": "/healthz", "unlimited": true}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let names = filter.metric_definitions();
    for lines in [
        &[(":method", "POST")][..],
        &[(":method", "POST")],
        &[(":path", "/healthz")],
        &[(":path", "/")],
    ] {
        send(&host, &filter, &mut state, lines);
    }
    let counted: Vec<&str> =
        host.records.borrow().iter().map(|(index, _)| names[*index].labels.as_str()).collect();
    assert_eq!(
        counted,
        [
            "rule=writes.decision=allowed",
            "rule=writes.window=hour",
            "rule=writes.decision=limited",
            "rule=health.decision=not_limited",
            "rule=default.decision=allowed",
        ]
    );
    assert!(names.iter().all(|metric| metric.labels.split('.').all(|l| l.contains('='))));
}

#[test]
fn timer_estimates_clients_in_the_table() {
    let filter =
        build(r#"{"hour": 9, "limit_by": "header", "header_name": "c", "max_clients": 1024}"#);
    let (host, mut state) = (host(), State::default());
    for n in 0..800 {
        send(&host, &filter, &mut state, &[("c", &n.to_string())]);
    }
    let actions = filter.on_timer(&mut state, &host.env());
    assert_eq!(actions.again_in_ms, Some(10_000));
    let names = filter.metric_definitions();
    let (index, clients) = *host.records.borrow().last().unwrap();
    assert_eq!((names[index].name, &*names[index].labels), ("table_clients", "max_clients=1024"));
    assert!((600..1_000).contains(&clients), "{clients}");
    host.advance(3_600);
    filter.on_timer(&mut state, &host.env());
    assert_eq!(host.records.borrow().last().unwrap().1, 0);
}

#[test]
fn lists_take_precedence_over_limits() {
    let filter = build(
        r#"{"hour": 1,
            "allow": {"cidrs": ["10.0.0.0/8"], "consumers": ["ci"]},
            "deny": {"cidrs": ["10.6.6.0/24", "2001:db8::/32"], "consumers": ["mallory"]}}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |address: &str, lines: &[(&str, &str)]| {
        host.address.set(Some(address.parse().unwrap()));
        let decision = send(&host, &filter, &mut state, lines);
        let status =
            if let Decision::Respond { response, .. } = &decision { response.status } else { 200 };
        (reason(&decision), status)
    };
    for _ in 0..3 {
        assert_eq!(decide("10.1.2.3", &[]), ("exempt", 200));
        assert_eq!(decide("192.0.2.1", &[("x-consumer-username", "ci")]), ("exempt", 200));
        assert_eq!(decide("192.0.2.1", &[("x-consumer-id", "ci")]), ("exempt", 200));
    }
    assert_eq!(decide("10.6.6.6", &[]), ("denied", 403));
    assert_eq!(decide("2001:db8::9", &[]), ("denied", 403));
    assert_eq!(decide("10.1.2.3", &[("x-consumer-username", "mallory")]), ("denied", 403));
    assert_eq!(decide("192.0.2.1", &[("x-consumer-username", "other")]), ("allowed", 200));
    assert_eq!(decide("192.0.2.1", &[("x-credential-identifier", "ci")]), ("limited", 429));
}

#[test]
fn report_only_counts_but_refuses_nothing() {
    let filter = build(r#"{"hour": 1, "report_only": true, "deny": {"cidrs": ["192.0.2.0/24"]}}"#);
    let (host, mut state) = (host(), State::default());
    let decision = send(&host, &filter, &mut state, &[]);
    assert_eq!(reason(&decision), "allowed");
    assert_eq!(headers(decision, &filter), "");
    let decision = send(&host, &filter, &mut state, &[]);
    assert!(matches!(decision, Decision::Continue { reason: "limited", .. }), "{decision:?}");
    assert_eq!(headers(decision, &filter), "");
    assert_eq!(*host.events.borrow(), ["reported"]);
    assert_eq!(host.attributes.borrow()["rate_limit_reported"], b"limited");
    host.address.set(Some("192.0.2.1".parse().unwrap()));
    let decision = send(&host, &filter, &mut state, &[]);
    assert!(matches!(decision, Decision::Continue { reason: "denied", .. }), "{decision:?}");
}
