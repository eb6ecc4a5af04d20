//! The details of refusals, for operators.

use super::*;

fn detail(host: &TestHost) -> String {
    let detail = host.attributes.borrow().get("rate_limit_detail").cloned();
    String::from_utf8(detail.unwrap_or_default()).unwrap()
}

/// The detail without the hash of the client, and the hash.
fn split(detail: &str) -> (&str, &str) {
    detail.split_once(" client=").unwrap_or((detail, ""))
}

#[test]
fn detail_names_rule_window_limit_and_identity() {
    let rules = r#""rules": [
        {"name": "login", "path": "/login", "minute": 1, "hour": 1, "limit_by": ["ip", "header"],
         "header_name": "x-client"},
        {"name": "bulk", "path": "/bulk", "cost": 2}
    ]"#;
    for (config, path, expected) in [
        (r#""minute": 1"#, "/", "rule=default window=minute limit=1 reset=18 limit_by=ip"),
        (
            r#""minute": 1, "name": "api""#,
            "/",
            "name=api rule=default window=minute limit=1 reset=18 limit_by=ip",
        ),
        (
            r#""minute": 1, "window": {"seconds": 90, "requests": 1}"#,
            "/",
            "rule=default window=90 limit=1 reset=78 limit_by=ip",
        ),
        (
            &format!(r#""minute": 2, {rules}"#),
            "/login",
            "rule=login window=hour limit=1 reset=1338 limit_by=ip+header",
        ),
        (
            &format!(r#""minute": 2, {rules}"#),
            "/bulk",
            "rule=bulk window=minute limit=2 reset=18 limit_by=ip",
        ),
    ] {
        for report_only in [false, true] {
            let filter = build(&format!(r#"{{{config}, "report_only": {report_only}}}"#));
            let (host, mut state) = (host(), State::default());
            let lines = [(":path", path), ("x-client", "alice")];
            assert_eq!(reason(&send(&host, &filter, &mut state, &lines)), "allowed");
            assert_eq!(detail(&host), "", "nothing about a request that passes");
            assert_eq!(reason(&send(&host, &filter, &mut state, &lines)), "limited");
            let detail = detail(&host);
            let (limit, client) = split(&detail);
            assert_eq!(limit, expected, "{config}");
            assert_eq!(client.len(), 16, "{detail}");
            assert!(client.bytes().all(|b| b.is_ascii_hexdigit()), "{detail}");
        }
    }
}

#[test]
fn client_is_a_keyed_hash() {
    let filter = build(r#"{"minute": 1, "limit_by": "header", "header_name": "x-client"}"#);
    let refused = |host: &TestHost, state: &mut State, client: &str| {
        for _ in 0..2 {
            send(host, &filter, state, &[("x-client", client)]);
        }
        split(&detail(host)).1.to_owned()
    };
    let one = host();
    let (mut first, mut second) = (State::default(), State::default());
    let alice = refused(&one, &mut first, "alice");
    assert_eq!(refused(&one, &mut second, "alice"), alice, "the same in all workers");
    assert_ne!(refused(&one, &mut first, "bob"), alice);
    let other = host();
    other.random_calls.set(99);
    assert_ne!(
        refused(&other, &mut State::default(), "alice"),
        alice,
        "another proxy, another key"
    );
}

#[test]
fn refusal_without_identity_names_the_missing_part() {
    let config =
        r#"{"minute": 1, "limit_by": "claim", "claim_name": "org", "on_unresolved": "deny"}"#;
    let (filter, host) = (build(config), host());
    assert_eq!(reason(&send(&host, &filter, &mut State::default(), &[])), "unresolved_refused");
    assert_eq!(detail(&host), "rule=default limit_by=claim");
}
