//! `if_method`, `if_status`, interim responses, and spellings.

use super::{answered, refused, sent};

#[test]
fn methods_are_compared_as_they_are() {
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
fn statuses_are_codes_ranges_and_classes() {
    let rules = r#"{"append": {"headers": ["a:1"], "if_status": ["200-204", 404, "5xx"]}}"#;
    let applies = |status: &str| answered(rules, &[(":status", status.as_bytes())]).len() == 2;
    for status in ["200", "202", "204", "404", "500", "503", "599"] {
        assert!(applies(status), "{status}");
    }
    for status in ["205", "199", "400", "403", "405", "600", "", "abc", "100", "101"] {
        assert!(!applies(status), "{status}");
    }
    assert!(answered(rules, &[(":status", b"\xff")]).len() == 1);
    assert_eq!(answered(rules, &[]), [""; 0]);
}

#[test]
fn texts_that_are_no_condition_are_refused() {
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
fn empty_lists_are_for_all() {
    assert_eq!(answered(r#"{"add": {"headers": ["a:1"], "if_status": []}}"#, &[]), ["a: 1"]);
    assert_eq!(sent(r#"{"add": {"headers": ["a:1"], "if_method": []}}"#, &[]), ["a: 1"]);
}

#[test]
fn what_another_rule_would_need_may_be_removed_under_another_condition() {
    let rules = r#"{"remove": {"headers": ["a"], "if_status": [404]},
        "replace": {"headers": ["a:2"]}, "add": {"headers": ["a:3"]}}"#;
    let answered = |status| answered(rules, &[(":status", status), ("a", b"1")]);
    assert_eq!(answered(b"404"), [":status: 404", "a: 3"]);
    assert_eq!(answered(b"200"), [":status: 200", "a: 2"]);
}

/// RFC 9110 sections 15.2 and 7.8.
#[test]
fn interim_responses_are_left_alone_by_rules_that_look() {
    let rules = r#"{"add": {"headers": ["a:1"]}, "allow": {"headers": ["a"]},
        "security_headers": true}"#;
    for status in ["100", "101", "103"] {
        let lines = [(":status", status.as_bytes()), ("x", b"1")];
        assert_eq!(answered(rules, &lines), [format!(":status: {status}"), "x: 1".to_owned()]);
    }
}

/// Whether all is looked at or little, and rules that do not look among them (README, rule 7).
#[test]
fn interim_responses_are_left_alone_by_rules_that_give_something() {
    let lines: [(&str, &[u8]); 3] =
        [(":status", b"101"), ("x-frame-options", b"ALLOWALL"), ("a", b"1")];
    let left = [":status: 101", "x-frame-options: ALLOWALL", "a: 1"];
    for rules in [
        r#"{"security_headers": {"override": true}}"#,
        r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["a:2"]}}"#,
        r#"{"append": {"headers": ["a:$(host | h)"]}}"#,
        r#"{"remove": {"headers": ["a"]}, "replace": {"headers": ["x-frame-options:DENY"]}}"#,
    ] {
        assert_eq!(answered(rules, &lines), left, "{rules}");
    }
    let fixed = r#"{"remove": {"headers": ["a"]}, "append": {"headers": ["b:2"]}}"#;
    assert_eq!(answered(fixed, &lines), [left[0], left[1], "b: 2"]);
}

#[test]
fn other_spellings_of_a_request_header_go_with_it() {
    let lines: [(&str, &[u8]); 4] =
        [("x_a-b", b"1"), ("x-a-b", b"2"), ("X_A_B", b"3"), ("x_other", b"4")];
    for (rules, left) in [
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
        assert_eq!(sent(rules, &lines), left, "{rules}");
    }
    // What takes nothing away looks at the name only, and clients send what they like anyway.
    let kept = ["x_a-b: 1", "x-a-b: 2", "X_A_B: 3", "x_other: 4"];
    assert_eq!(sent(r#"{"add": {"headers": ["x-a-b:v"]}}"#, &lines), kept);
    assert_eq!(sent(r#"{"add": {"headers": ["x-a_b:v"]}}"#, &lines)[4], "x-a_b: v");
}

#[test]
fn responses_have_no_other_spellings() {
    let lines: [(&str, &[u8]); 2] = [("x_a", b"1"), ("x-a", b"2")];
    assert_eq!(answered(r#"{"remove": {"headers": ["x-a"]}}"#, &lines), ["x_a: 1"]);
    assert_eq!(answered(r#"{"remove": {"headers": ["x-*"]}}"#, &lines), ["x_a: 1"]);
    assert_eq!(answered(r#"{"remove": {"headers": ["x-a", "x_a"]}}"#, &lines), [""; 0]);
}

#[test]
fn two_spellings_in_rules_for_requests_are_refused() {
    let config = r#"{"request": {"remove": {"headers": ["x-a", "x_a"]}}}"#;
    assert!(refused(config).contains("once is enough"));
    let config = r#"{"request": {"rename": {"headers": ["x_a:x-a"]}}}"#;
    assert!(refused(config).contains("another spelling"), "{}", refused(config));
}
