//! Rules for query parameters.

use novasphere_core::testing::TestHost;

use super::{Lines, configured, on_request, sent, sent_in};

/// The target after the filter.
fn target(rules: &str, target: &str) -> String {
    let lines = sent(rules, &[(":path", target.as_bytes())]);
    lines[0].strip_prefix(":path: ").unwrap().to_owned()
}

#[test]
fn each_rule_changes_the_query() {
    for (rules, before, after) in [
        (r#"{"remove": {"querystring": ["a"]}}"#, "/p?a=1&b=2&a", "/p?b=2"),
        (r#"{"remove": {"querystring": ["utm_*"]}}"#, "/p?utm_a=1&utm%5Fb&utm=3", "/p?utm=3"),
        (r#"{"rename": {"querystring": ["a:b"]}}"#, "/p?a=1&b=2&x&a=3", "/p?b=1&x&b=3"),
        (r#"{"replace": {"querystring": ["a:v"]}}"#, "/p?x&a=1&y&a=2", "/p?x&a=v&y"),
        (r#"{"replace": {"querystring": ["a:v"]}}"#, "/p?b", "/p?b"),
        (r#"{"add": {"querystring": ["a:v"]}}"#, "/p", "/p?a=v"),
        (r#"{"add": {"querystring": ["a:v"]}}"#, "/p?%61", "/p?%61"),
        (r#"{"append": {"querystring": ["a:1", "a:2"]}}"#, "/p?a=0", "/p?a=0&a=1&a=2"),
        (r#"{"add": {"querystring": ["a:"]}}"#, "/p", "/p?a="),
        (r#"{"add": {"querystring": ["r: a b/&=%é"]}}"#, "/p", "/p?r=a%20b%2F%26%3D%25%C3%A9"),
        (r#"{"add": {"querystring": ["é:1"]}}"#, "/p", "/p?%C3%A9=1"),
    ] {
        assert_eq!(target(rules, before), after, "{rules}");
    }
}

/// URL standard, "application/x-www-form-urlencoded parsing".
#[test]
fn plus_means_space_in_names_and_values() {
    let remove = r#"{"remove": {"querystring": ["my param", "x y*"]}}"#;
    assert_eq!(target(remove, "/?my+param=1&a=1+2&my%20param&x+yz&x%2Byz"), "/?a=1+2&x%2Byz");
    let literal = r#"{"remove": {"querystring": ["a+b"]}}"#;
    assert_eq!(target(literal, "/?a+b=1&a%2Bb&a%20b&c=+"), "/?a%20b&c=+");
    let add = r#"{"add": {"querystring": ["my param:1"]}}"#;
    assert_eq!(target(add, "/?my+param"), "/?my+param");
    let value = r#"{"replace": {"querystring": ["q:$(query.q)", "n:$(query.my param)"]}}"#;
    assert_eq!(target(value, "/?q=a+b%2Bc&n&my+param=2"), "/?q=a%20b%2Bc&n=2&my+param=2");
}

#[test]
fn rules_run_in_the_same_order_as_for_headers() {
    let rules = r#"{"append": {"querystring": ["a:p"]}, "add": {"querystring": ["a:d", "b:d"]},
        "replace": {"querystring": ["a:r"]}, "rename": {"querystring": ["b:a"]},
        "remove": {"querystring": ["a"]}}"#;
    assert_eq!(target(rules, "/?a=1&b=2"), "/?a=r&a=p&b=d".replace("a=p&b=d", "b=d&a=p"));
    assert_eq!(target(rules, "/?a=1"), "/?a=d&b=d&a=p");
}

#[test]
fn other_parameters_keep_their_bytes() {
    let odd = "/%2e/a;b/?%=&&=&x=%zz&+=+&\u{7e}#f?";
    let rules = r#"{"remove": {"querystring": ["t"]}}"#;
    assert_eq!(target(rules, odd), odd);
    assert_eq!(target(rules, &format!("{odd}&t=1")), odd);
}

#[test]
fn only_the_query_changes() {
    let rules = r#"{"append": {"querystring": ["a:../../x?#"]}}"#;
    assert_eq!(target(rules, "/p/q"), "/p/q?a=..%2F..%2Fx%3F%23");
    for other in ["*", "novasphere.io:443", "http://h/p"] {
        assert_eq!(target(rules, other), other);
    }
}

#[test]
fn rules_without_effect_leave_the_target() {
    let rules =
        r#"{"request": {"remove": {"querystring": ["a"]}, "replace": {"querystring": ["b:1"]}}}"#;
    let filter = configured(rules);
    for path in ["/", "/?", "/?b=1", "/?c"] {
        let lines: Lines<'_> = &[(":path", path.as_bytes())];
        assert!(on_request(&filter, lines, &TestHost::default()).0.is_empty(), "{path}");
    }
}

#[test]
fn template_values_are_encoded() {
    let rules = r#"{"request": {"add": {"querystring": ["u:<$(headers.x-u | a b)>"]}}}"#;
    let filter = configured(rules);
    let sent = |value: &[u8]| {
        let host = TestHost::default();
        let lines = sent_in(&host, &filter, &[(":path", b"/p"), ("x-u", value)]);
        (lines[0].clone(), host.events.take())
    };
    assert_eq!(sent(b"1&admin=1#%00\xff").0, ":path: /p?u=%3C1%26admin%3D1%23%2500%FF%3E");
    assert_eq!(sent(b"").0, ":path: /p?u=%3Ca%20b%3E");
    assert_eq!(sent(b"1\r\n2"), (":path: /p".to_owned(), vec!["value_invalid"]));
}
