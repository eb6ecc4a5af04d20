//! Patterns, `allow` and `security_headers`.

use super::{answered, refused, sent};

/// Not to be taken by a pattern, RFC 9110 sections 7.2, 7.6.1, 8 and 8.6, RFC 9112 section 6.
const CAREFUL: [&str; 14] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "Content-Type",
    "cookie",
    "host",
    "keep-alive",
    "proxy-authorization",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[test]
fn patterns_take_all_names_that_start_so() {
    let lines: [(&str, &[u8]); 5] = [
        ("X-Internal-A", b"1"),
        ("x-internal-", b"2"),
        ("x-internal", b"3"),
        ("ax-internal-b", b"4"),
        ("X-INTERNAL-a", b"5"),
    ];
    let rules = r#"{"remove": {"headers": ["X-Internal-*"]}}"#;
    for made in [sent(rules, &lines), answered(rules, &lines)] {
        assert_eq!(made, ["x-internal: 3", "ax-internal-b: 4"]);
    }
}

#[test]
fn patterns_take_nothing_that_a_message_needs() {
    for name in CAREFUL.into_iter().chain([":path", ":authority", ":status"]) {
        let first: String = name.trim_start_matches(':').chars().take(1).collect();
        let rules = format!(r#"{{"remove": {{"headers": ["{first}*"]}}}}"#);
        let other = format!("{first}ecoy");
        let lines: [(&str, &[u8]); 2] = [(name, b"200"), (&other, b"1")];
        assert_eq!(answered(&rules, &lines), [format!("{name}: 200")]);
        assert_eq!(sent(&rules, &lines), [format!("{name}: 200")]);
    }
    let rules = r#"{"remove": {"headers": ["x-forwarded-*"]}}"#;
    let lines: [(&str, &[u8]); 2] = [("x-forwarded-proto", b"https"), ("x-forwarded-host", b"h")];
    assert_eq!(sent(rules, &lines), ["x-forwarded-proto: https"]);
    for all in ["*", ":*", ":p*"] {
        refused(&format!(r#"{{"request": {{"remove": {{"headers": ["{all}"]}}}}}}"#));
    }
}

#[test]
fn what_rules_give_stays_though_a_pattern_matches() {
    let rules = r#"{"remove": {"headers": ["x-*"]}, "add": {"headers": ["x-a:new"]}}"#;
    assert_eq!(answered(rules, &[("x-a", b"1"), ("x-b", b"2")]), ["x-a: new"]);
    assert_eq!(answered(rules, &[]), ["x-a: new"]);
}

#[test]
fn names_that_are_no_names_are_left_to_the_host() {
    let rules = r#"{"remove": {"headers": ["x-*"]}}"#;
    let lines: [(&str, &[u8]); 2] = [("x-\u{e9}", b"1"), ("x- y", b"2")];
    assert_eq!(answered(rules, &lines).len(), 2);
}

#[test]
fn allow_lets_what_is_listed_or_needed_pass() {
    let rules = r#"{"allow": {"headers": ["X-Request-Id", "ratelimit-*"]},
        "append": {"headers": ["x-given:1"]}}"#;
    let needed: [(&str, &[u8]); 14] = [
        (":status", b"200"),
        ("content-type", b"a/b"),
        ("Content-Encoding", b"br"),
        ("content-range", b"bytes 0-0/1"),
        ("content-length", b"1"),
        ("cache-control", b"no-store"),
        ("date", b"d"),
        ("vary", b"*"),
        ("location", b"/"),
        ("www-authenticate", b"Bearer"),
        ("retry-after", b"1"),
        ("grpc-status", b"0"),
        ("connection", b"close"),
        ("transfer-encoding", b"chunked"),
    ];
    let listed: [(&str, &[u8]); 2] = [("X-Request-ID", b"1"), ("RateLimit-Limit", b"2")];
    let other: [(&str, &[u8]); 4] =
        [("server", b"s"), ("set-cookie", b"a=1"), ("x-powered-by", b"p"), ("etag", b"e")];
    let lines = [&needed[..], &listed, &other].concat();
    let left = answered(rules, &lines);
    let shown = |(n, v): &(&str, &[u8])| format!("{n}: {}", v.escape_ascii());
    let mut expected: Vec<String> = needed.iter().chain(&listed).map(shown).collect();
    expected.push("x-given: 1".to_owned());
    assert_eq!(left, expected);
}

#[test]
fn security_headers_are_added_where_the_upstream_has_none() {
    let all = [
        "strict-transport-security: max-age=31536000",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: strict-origin-when-cross-origin",
    ];
    assert_eq!(answered(r#"{"security_headers": true}"#, &[]), all);
    let own: [(&str, &[u8]); 2] = [("X-Frame-Options", b"SAMEORIGIN"), ("referrer-policy", b"")];
    assert_eq!(
        answered(r#"{"security_headers": true}"#, &own),
        ["X-Frame-Options: SAMEORIGIN", "referrer-policy: ", all[0], all[1]]
    );
    assert_eq!(answered(r#"{"security_headers": {"override": true}}"#, &own), all);
    let some = r#"{"security_headers": {"strict_transport_security": "max-age=1",
        "x_frame_options": false, "x_content_type_options": true, "referrer_policy": false}}"#;
    assert_eq!(answered(some, &[]), ["strict-transport-security: max-age=1", all[1]]);
}

#[test]
fn rules_come_before_security_headers() {
    let rules = r#"{"security_headers": true, "remove": {"headers": ["x-frame-options"]},
        "add": {"headers": ["referrer-policy:no-referrer"]}}"#;
    let made = answered(rules, &[("x-frame-options", b"SAMEORIGIN")]);
    assert_eq!(made[0], "x-frame-options: DENY");
    assert_eq!(made[1], "referrer-policy: no-referrer");
    assert_eq!(made.len(), 4);
}
