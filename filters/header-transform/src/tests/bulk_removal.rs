//! Patterns, `allow` and `security_headers`.

use super::{received, refused, sent};

/// Patterns spare these: RFC 9110 sections 7.2, 7.6.1, 8 and 8.6, RFC 9112 section 6.
const SPARED: [&str; 14] = [
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
fn patterns_remove_all_names_with_the_prefix() {
    let lines: [(&str, &[u8]); 5] = [
        ("X-Internal-A", b"1"),
        ("x-internal-", b"2"),
        ("x-internal", b"3"),
        ("ax-internal-b", b"4"),
        ("X-INTERNAL-a", b"5"),
    ];
    let rules = r#"{"remove": {"headers": ["X-Internal-*"]}}"#;
    for result in [sent(rules, &lines), received(rules, &lines)] {
        assert_eq!(result, ["x-internal: 3", "ax-internal-b: 4"]);
    }
}

#[test]
fn patterns_spare_essential_headers() {
    for name in SPARED.into_iter().chain([":path", ":authority", ":status"]) {
        let first: String = name.trim_start_matches(':').chars().take(1).collect();
        let rules = format!(r#"{{"remove": {{"headers": ["{first}*"]}}}}"#);
        let other = format!("{first}ecoy");
        let lines: [(&str, &[u8]); 2] = [(name, b"200"), (&other, b"1")];
        assert_eq!(received(&rules, &lines), [format!("{name}: 200")]);
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
fn patterns_keep_headers_that_later_rules_add() {
    let rules = r#"{"remove": {"headers": ["x-*"]}, "add": {"headers": ["x-a:new"]}}"#;
    assert_eq!(received(rules, &[("x-a", b"1"), ("x-b", b"2")]), ["x-a: new"]);
    assert_eq!(received(rules, &[]), ["x-a: new"]);
}

#[test]
fn malformed_names_are_left_to_the_host() {
    let rules = r#"{"remove": {"headers": ["x-*"]}}"#;
    let lines: [(&str, &[u8]); 2] = [("x-\u{e9}", b"1"), ("x- y", b"2")];
    assert_eq!(received(rules, &lines).len(), 2);
}

#[test]
fn allow_keeps_listed_and_essential_headers() {
    let rules = r#"{"allow": {"headers": ["X-Request-Id", "ratelimit-*"]},
        "append": {"headers": ["x-given:1"]}}"#;
    let essential: [(&str, &[u8]); 14] = [
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
    let lines = [&essential[..], &listed, &other].concat();
    let result = received(rules, &lines);
    let shown = |(n, v): &(&str, &[u8])| format!("{n}: {}", v.escape_ascii());
    let mut expected: Vec<String> = essential.iter().chain(&listed).map(shown).collect();
    expected.push("x-given: 1".to_owned());
    assert_eq!(result, expected);
}

#[test]
fn adds_security_headers_that_the_upstream_lacks() {
    let all = [
        "strict-transport-security: max-age=31536000",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: strict-origin-when-cross-origin",
    ];
    assert_eq!(received(r#"{"security_headers": true}"#, &[]), all);
    let own: [(&str, &[u8]); 2] = [("X-Frame-Options", b"SAMEORIGIN"), ("referrer-policy", b"")];
    assert_eq!(
        received(r#"{"security_headers": true}"#, &own),
        ["X-Frame-Options: SAMEORIGIN", "referrer-policy: ", all[0], all[1]]
    );
    assert_eq!(received(r#"{"security_headers": {"override": true}}"#, &own), all);
    let some = r#"{"security_headers": {"strict_transport_security": "max-age=1",
        "x_frame_options": false, "x_content_type_options": true, "referrer_policy": false}}"#;
    assert_eq!(received(some, &[]), ["strict-transport-security: max-age=1", all[1]]);
}

#[test]
fn security_headers_come_after_the_rules() {
    let rules = r#"{"security_headers": true, "remove": {"headers": ["x-frame-options"]},
        "add": {"headers": ["referrer-policy:no-referrer"]}}"#;
    let result = received(rules, &[("x-frame-options", b"SAMEORIGIN")]);
    assert_eq!(result[0], "x-frame-options: DENY");
    assert_eq!(result[1], "referrer-policy: no-referrer");
    assert_eq!(result.len(), 4);
}
