//! `if_method`, `if_status`, interim responses and spellings.

use super::{received, refused, sent};

#[test]
fn methods_are_case_sensitive() {
    let rules = r#"{"add": {"headers": ["a:1"], "querystring": ["q:1"], "if_method": ["PUT", "POST"]},
        "append": {"headers": ["b:1"]}}"#;
    let sent = |method| sent(rules, &[(":method", method), (":path", b"/")]);
    assert_eq!(sent(b"POST"), [":method: POST", ":path: /?q=1", "a: 1", "b: 1"]);
    for method in [&b"GET"[..], b"post", b"POSTS", b"\xff", b""] {
        let method_line = format!(":method: {}", method.escape_ascii());
        assert_eq!(sent(method), [&*method_line, ":path: /", "b: 1"]);
    }
}

#[test]
fn if_status_accepts_codes_ranges_and_classes() {
    let rules = r#"{"append": {"headers": ["a:1"], "if_status": ["200-204", 404, "5xx"]}}"#;
    let applies = |status: &str| received(rules, &[(":status", status.as_bytes())]).len() == 2;
    for status in ["200", "202", "204", "404", "500", "503", "599"] {
        assert!(applies(status), "{status}");
    }
    for status in ["205", "199", "400", "403", "405", "600", "", "abc", "100", "101"] {
        assert!(!applies(status), "{status}");
    }
    assert!(received(rules, &[(":status", b"\xff")]).len() == 1);
    assert_eq!(received(rules, &[]), [""; 0]);
}

#[test]
fn rejects_malformed_statuses() {
    for status in ["20", "2000", "200-", "-200", "299-200", "200-600", "6xx", "xx", "5XX", "+20"] {
        let config = format!(
            r#"{{"response": {{"remove": {{"headers": ["a"], "if_status": ["{status}"]}}}}}}"#
        );
        assert!(refused(&config).contains("is not a status"), "{status}");
    }
    for status in ["100", "1xx", "100-199", "101-200"] {
        let config = format!(
            r#"{{"response": {{"remove": {{"headers": ["a"], "if_status": ["{status}"]}}}}}}"#
        );
        assert!(refused(&config).contains("is interim"), "{status}");
    }
}

/// An empty list is Kong's default.
#[test]
fn empty_conditions_always_apply() {
    assert_eq!(received(r#"{"add": {"headers": ["a:1"], "if_status": []}}"#, &[]), ["a: 1"]);
    assert_eq!(sent(r#"{"add": {"headers": ["a:1"], "if_method": []}}"#, &[]), ["a: 1"]);
}

#[test]
fn accepts_remove_and_replace_under_different_conditions() {
    let rules = r#"{"remove": {"headers": ["a"], "if_status": [404]},
        "replace": {"headers": ["a:2"]}, "add": {"headers": ["a:3"]}}"#;
    let received = |status| received(rules, &[(":status", status), ("a", b"1")]);
    assert_eq!(received(b"404"), [":status: 404", "a: 3"]);
    assert_eq!(received(b"200"), [":status: 200", "a: 2"]);
}

/// RFC 9110 sections 15.2 and 7.8.
#[test]
fn rules_skip_interim_responses() {
    let rules = r#"{"add": {"headers": ["a:1"]}, "allow": {"headers": ["a"]},
        "security_headers": true}"#;
    for status in ["100", "101", "103"] {
        let lines = [(":status", status.as_bytes()), ("x", b"1")];
        assert_eq!(received(rules, &lines), [format!(":status: {status}"), "x: 1".to_owned()]);
    }
}

/// See the footnote under "Order of the rules" in the guide.
#[test]
fn only_rules_independent_of_the_message_change_interim_responses() {
    let lines: [(&str, &[u8]); 3] =
        [(":status", b"101"), ("x-frame-options", b"ALLOWALL"), ("a", b"1")];
    let unchanged = [":status: 101", "x-frame-options: ALLOWALL", "a: 1"];
    for rules in [
        r#"{"security_headers": {"override": true}}"#,
        r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["a:2"]}}"#,
        r#"{"append": {"headers": ["a:$(host | h)"]}}"#,
        r#"{"remove": {"headers": ["a"]}, "replace": {"headers": ["x-frame-options:DENY"]}}"#,
    ] {
        assert_eq!(received(rules, &lines), unchanged, "{rules}");
    }
    let fixed = r#"{"remove": {"headers": ["a"]}, "append": {"headers": ["b:2"]}}"#;
    assert_eq!(received(fixed, &lines), [unchanged[0], unchanged[1], "b: 2"]);
}

#[test]
fn removal_includes_other_spellings_of_a_request_header() {
    let lines: [(&str, &[u8]); 4] =
        [("x_a-b", b"1"), ("x-a-b", b"2"), ("X_A_B", b"3"), ("x_other", b"4")];
    for (rules, expected) in [
        (r#"{"remove": {"headers": ["X-A-B"]}}"#, vec!["x_other: 4"]),
        (r#"{"replace": {"headers": ["X-A-B:v"]}}"#, vec!["x_other: 4", "x-a-b: v"]),
        (
            r#"{"remove": {"headers": ["x-a-b"]}, "add": {"headers": ["x-a-b:v"]}}"#,
            vec!["x_other: 4", "x-a-b: v"],
        ),
        (r#"{"rename": {"headers": ["x-a-b:c"]}}"#, vec!["x_other: 4", "c: 1", "c: 2", "c: 3"]),
        (r#"{"rename": {"headers": ["x_other:x-a-b"]}}"#, vec!["x-a-b: 4"]),
        (r#"{"remove": {"headers": ["x-a*"]}}"#, vec!["x_other: 4"]),
    ] {
        assert_eq!(sent(rules, &lines), expected, "{rules}");
    }
    // Rules that remove nothing compare the exact name, since clients may send other spellings.
    let kept = ["x_a-b: 1", "x-a-b: 2", "X_A_B: 3", "x_other: 4"];
    assert_eq!(sent(r#"{"add": {"headers": ["x-a-b:v"]}}"#, &lines), kept);
    assert_eq!(sent(r#"{"add": {"headers": ["x-a_b:v"]}}"#, &lines)[4], "x-a_b: v");
}

#[test]
fn response_headers_have_one_spelling() {
    let lines: [(&str, &[u8]); 2] = [("x_a", b"1"), ("x-a", b"2")];
    assert_eq!(received(r#"{"remove": {"headers": ["x-a"]}}"#, &lines), ["x_a: 1"]);
    assert_eq!(received(r#"{"remove": {"headers": ["x-*"]}}"#, &lines), ["x_a: 1"]);
    assert_eq!(received(r#"{"remove": {"headers": ["x-a", "x_a"]}}"#, &lines), [""; 0]);
}

#[test]
fn rejects_two_spellings_of_a_request_header() {
    let config = r#"{"request": {"remove": {"headers": ["x-a", "x_a"]}}}"#;
    assert!(refused(config).contains("is already covered"));
    let config = r#"{"request": {"rename": {"headers": ["x_a:x-a"]}}}"#;
    assert!(refused(config).contains("another spelling"), "{}", refused(config));
}
