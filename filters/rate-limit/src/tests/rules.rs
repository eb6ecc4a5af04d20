//! Requests with limits of their own, and clients with none.

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
fn the_first_rule_that_is_for_a_request_decides() {
    let policy = limiter(RULES);
    let (host, mut state) = (host(), State::default());
    let mut remaining = |lines: &[(&str, &str)]| {
        let headers = headers(ask(&host, &policy, &mut state, lines), &policy);
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
    host.attributes.borrow_mut().insert("tier".to_owned(), b"gold".to_vec());
    assert_eq!(remaining(&get("/api/v1/wukongs")), Some(999));
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "ops")]), Some(998), "both must hold");
    host.attributes.borrow_mut().insert("tier".to_owned(), b"golden".to_vec());
    *host.route.borrow_mut() = Some(b"admin".to_vec());
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "ops")]), Some(6));
    assert_eq!(remaining(&[(":path", "/"), ("x-team", "dev")]), Some(17));
}

#[test]
fn a_limit_is_not_left_behind_by_writing_the_path_in_another_way() {
    let policy = limiter(RULES);
    let (host, mut state) = (host(), State::default());
    let ways = [
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
    let allowed = ways
        .iter()
        .filter(|path| allows(&host, &policy, &mut state, &[(":method", "POST"), (":path", path)]));
    assert_eq!(allowed.count(), 2);
}

#[test]
fn a_server_that_resolves_nothing_is_not_left_out_either() {
    let rules = |rules: &str| limiter(&format!(r#"{{"rules": [{rules}]}}"#));
    let allowed = |policy: &RateLimit, paths: &[&str]| {
        let (host, mut state) = (host(), State::default());
        let ask = |path: &&&str| allows(&host, policy, &mut state, &[(":path", path)]);
        paths.iter().filter(ask).count()
    };
    let export = rules(r#"{"name": "e", "path_prefix": "/export", "hour": 1}"#);
    let ways =
        ["/export/x/../../y", "/export%3f", "/export%00", "/export%23", "/export;x", "/export/"];
    assert_eq!(allowed(&export, &ways), 1);
    let template = rules(r#"{"name": "t", "path_template": "/u/{id}/reset", "hour": 1}"#);
    let ways = ["/u/a%2fb/reset", "/u/;x/reset", "/u/%252e/reset", "/u/%20/reset", "/u/a/reset/"];
    assert_eq!(allowed(&template, &ways), 1);
    let slash = rules(r#"{"name": "s", "path": "/login/", "hour": 1}"#);
    let ways = ["//login/", "/login/;x", "/login;x/", "/login", "/login/"];
    assert_eq!(allowed(&slash, &ways), 1);
}

#[test]
fn a_path_of_two_rules_is_refused() {
    let policy = limiter(
        r#"{"rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "export", "path_prefix": "/export", "hour": 1},
            {"name": "rest", "path_prefix": "/", "hour": 500}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    for path in ["/export/x/../../bulk/y", "/export/%252e%252e/bulk", "/bulk/..;/export"] {
        let step = ask(&host, &policy, &mut state, &[(":path", path)]);
        assert_eq!(reason(&step), "ambiguous_path", "{path}");
        assert_eq!(response(step).status, 400);
    }
    for path in ["/export/", "/bulk//", "/x;y", "/%2e/z", "/"] {
        let step = ask(&host, &policy, &mut state, &[(":path", path)]);
        assert_eq!(reason(&step), "allowed", "{path}");
    }
}

/// The rest has no path of its own to be read in another way, and is another rule all the same.
#[test]
fn a_path_of_a_rule_and_of_the_rest_is_refused_where_it_goes_back() {
    let policy = limiter(
        r#"{"rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "rest", "path_prefix": "/", "hour": 1, "limit_by": "constant"}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |path| reason(&ask(&host, &policy, &mut state, &[(":path", path)]));
    for path in ["/export/../bulk", "/export/..%2fbulk", "/export/%252e%252e/bulk"] {
        assert_eq!(decide(path), "ambiguous_path", "{path}");
    }
    assert_eq!(["/export", "/a/../export"].map(&mut decide), ["allowed", "limited"]);
    assert_eq!(["/bulk/", "/bulk;x", "//bulk", "/bulk/a/../b"].map(&mut decide), ["allowed"; 4]);
}

#[test]
fn the_filters_own_limits_are_not_left_behind_for_those_of_a_rule() {
    let policy = limiter(
        r#"{"hour": 1, "rules": [
            {"name": "bulk", "path_prefix": "/bulk", "hour": 1000},
            {"name": "health", "path": "/health", "unlimited": true}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |path| reason(&ask(&host, &policy, &mut state, &[(":path", path)]));
    for path in ["/export/../bulk", "/export/..%2fbulk", "/export/%252e%252e/bulk"] {
        assert_eq!(decide(path), "ambiguous_path", "{path}");
    }
    assert_eq!(["/export", "/a/../export"].map(&mut decide), ["allowed", "limited"]);
    assert_eq!(["/bulk/", "/bulk;x", "//bulk", "/bulk/a/../b"].map(&mut decide), ["allowed"; 4]);
    assert_eq!(decide("/a/../health"), "limited");
}

/// What stands before a `..` may be one segment to the server that resolves it, and none or two to
/// the most forgiving one.
#[test]
fn servers_that_resolve_dots_and_forgive_nothing_else_are_not_left_out() {
    let policy = limiter(
        r#"{"rules": [
            {"name": "login", "path": "/api/login", "hour": 1, "limit_by": "constant"},
            {"name": "other", "path": "/login", "hour": 9}]}"#,
    );
    let alone = limiter(r#"{"rules": [{"name": "login", "path": "/api/login", "hour": 1}]}"#);
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
        let mut ask = |policy| reason(&ask(&host, policy, &mut state, &[(":path", path)]));
        assert_eq!([(); 2].map(|()| ask(&alone)), ["allowed", "limited"], "{path}");
        let refused = ask(&policy) == "ambiguous_path";
        assert!(refused || [ask(&policy), ask(&policy)].contains(&"limited"), "{path}");
    }
}

#[test]
fn no_limit_is_left_behind_by_a_path_that_may_be_an_unlimited_one() {
    let policy = limiter(RULES);
    let (host, mut state) = (host(), State::default());
    for path in ["/api/v1/healthz", "/api/v1/health%7a"] {
        let step = ask(&host, &policy, &mut state, &get(path));
        assert_eq!(reason(&step), "not_limited", "{path}");
    }
    for path in
        ["/api/v1/healthz/", "//api/v1/healthz", "/api/v1/healthz;x", "/x/../api/v1/healthz"]
    {
        let step = ask(&host, &policy, &mut state, &[(":method", "GET"), (":path", path)]);
        assert_eq!(reason(&step), "allowed", "{path}");
    }
}

#[test]
fn rules_without_limits_of_the_filter_leave_the_rest_alone() {
    let policy = limiter(
        r#"{"rules": [{"name": "writes", "methods": ["POST"], "hour": 1, "limit_by": "ip"}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut ask = |method| reason(&ask(&host, &policy, &mut state, &[(":method", method)]));
    assert_eq!(ask("POST"), "allowed");
    assert_eq!(ask("POST"), "limited");
    assert_eq!(ask("GET"), "not_limited");
}

#[test]
fn decisions_are_counted_by_rule() {
    let policy = limiter(
        r#"{"hour": 9, "max_clients": 1024, "rules": [
            {"name": "writes", "methods": ["POST"], "hour": 1},
            {"name": "health", "path": "/healthz", "unlimited": true}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let names = policy.metric_definitions();
    for lines in [
        &[(":method", "POST")][..],
        &[(":method", "POST")],
        &[(":path", "/healthz")],
        &[(":path", "/")],
    ] {
        ask(&host, &policy, &mut state, lines);
    }
    let counted: Vec<&str> =
        host.records.borrow().iter().map(|(place, _)| names[*place].labels.as_str()).collect();
    assert_eq!(
        counted,
        [
            "rule=writes.decision=allowed",
            "rule=writes.decision=limited",
            "rule=health.decision=not_limited",
            "rule=default.decision=allowed",
        ]
    );
    assert!(names.iter().all(|metric| metric.labels.split('.').all(|l| l.contains('='))));
}

#[test]
fn the_tables_clients_are_estimated() {
    let policy =
        limiter(r#"{"hour": 9, "limit_by": "header", "header_name": "c", "max_clients": 1024}"#);
    let (host, mut state) = (host(), State::default());
    for n in 0..800 {
        ask(&host, &policy, &mut state, &[("c", &n.to_string())]);
    }
    let duty = policy.on_timer(&mut state, &host.env());
    assert_eq!(duty.again_in_ms, Some(10_000));
    let names = policy.metric_definitions();
    let (place, clients) = *host.records.borrow().last().unwrap();
    assert_eq!((names[place].name, &*names[place].labels), ("table_clients", "max_clients=1024"));
    assert!((600..1_000).contains(&clients), "{clients}");
    host.advance(3_600);
    policy.on_timer(&mut state, &host.env());
    assert_eq!(host.records.borrow().last().unwrap().1, 0);
}

#[test]
fn lists_come_before_limits() {
    let policy = limiter(
        r#"{"hour": 1,
            "allow": {"cidrs": ["10.0.0.0/8"], "consumers": ["ci"]},
            "deny": {"cidrs": ["10.6.6.0/24", "2001:db8::/32"], "consumers": ["mallory"]}}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |address: &str, lines: &[(&str, &str)]| {
        host.address.set(Some(address.parse().unwrap()));
        let step = ask(&host, &policy, &mut state, lines);
        let status =
            if let Decision::Respond { response, .. } = &step { response.status } else { 200 };
        (reason(&step), status)
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
fn report_only_counts_and_refuses_nothing() {
    let policy =
        limiter(r#"{"hour": 1, "report_only": true, "deny": {"cidrs": ["192.0.2.0/24"]}}"#);
    let (host, mut state) = (host(), State::default());
    let step = ask(&host, &policy, &mut state, &[]);
    assert_eq!(reason(&step), "allowed");
    assert_eq!(headers(step, &policy), "");
    let step = ask(&host, &policy, &mut state, &[]);
    assert!(matches!(step, Decision::Continue { reason: "limited", .. }), "{step:?}");
    assert_eq!(headers(step, &policy), "");
    assert_eq!(*host.events.borrow(), ["reported"]);
    assert_eq!(host.attributes.borrow()["rate_limit_reported"], b"limited");
    host.address.set(Some("192.0.2.1".parse().unwrap()));
    let step = ask(&host, &policy, &mut state, &[]);
    assert!(matches!(step, Decision::Continue { reason: "denied", .. }), "{step:?}");
}
