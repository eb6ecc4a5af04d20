//! Rules for headers, mostly on responses, where a name has one spelling.

use novasphere_core::{HeaderMutation, Headers, testing::TestHost};

use super::{
    Lines, configured, for_requests, for_responses, on_request, on_response, received, refused,
    sent_in,
};

#[test]
fn remove_removes_all_lines() {
    let config = r#"{"remove": {"headers": ["X-A"]}}"#;
    assert_eq!(received(config, &[("x-a", b"1"), ("x-b", b"2"), ("X-a", b"3")]), ["x-b: 2"]);
    assert_eq!(received(config, &[("x-b", b"2")]), ["x-b: 2"]);
}

#[test]
fn rename_moves_all_lines_and_overwrites() {
    let config = r#"{"rename": {"headers": ["X-A:X-B"]}}"#;
    assert_eq!(
        received(config, &[("x-a", b"1"), ("x-b", b"2"), ("X-A", b"\xe9")]),
        ["x-b: 1", r"x-b: \xe9"]
    );
    assert_eq!(received(config, &[("x-b", b"2")]), ["x-b: 2"]);
    assert_eq!(received(config, &[("x-a", b"")]), ["x-b: "]);
}

#[test]
fn renames_run_in_order() {
    let chain = r#"{"rename": {"headers": ["a:b", "b:c"]}}"#;
    assert_eq!(received(chain, &[("a", b"1"), ("b", b"2")]), ["c: 1"]);
    let up = r#"{"rename": {"headers": ["b:c", "a:b"]}}"#;
    assert_eq!(received(up, &[("a", b"1"), ("b", b"2")]), ["b: 1", "c: 2"]);
}

#[test]
fn rename_drops_invalid_values() {
    let config = r#"{"rename": {"headers": ["a:b"]}}"#;
    assert_eq!(received(config, &[("a", b"1\r\nx: y"), ("a", b"2")]), ["b: 2"]);
    assert_eq!(received(config, &[("a", b"1\0"), ("b", b"2")]), ["b: 2"]);
    let host = TestHost::default();
    let filter = for_requests(config);
    let lines: [(&str, &[u8]); 3] = [("a", b"1\0"), ("a", b"2"), ("a", b"\n")];
    assert_eq!(sent_in(&host, &filter, &lines), ["b: 2"]);
    assert_eq!(host.events.take(), ["value_invalid", "value_invalid"]);
}

#[test]
fn replace_leaves_one_line() {
    let config = r#"{"replace": {"headers": ["X-A: new"]}}"#;
    assert_eq!(received(config, &[("x-a", b"1"), ("x-a", b"2")]), ["x-a: new"]);
    assert_eq!(received(config, &[("x-a", b"")]), ["x-a: new"]);
    assert_eq!(received(config, &[]), [""; 0]);
}

#[test]
fn add_has_no_effect_if_a_line_is_present() {
    let config = r#"{"add": {"headers": ["X-A:v"]}}"#;
    assert_eq!(received(config, &[]), ["x-a: v"]);
    assert_eq!(received(config, &[("x-A", b"1")]), ["x-A: 1"]);
    assert_eq!(received(config, &[("x-a", b"")]), ["x-a: "]);
}

#[test]
fn append_adds_lines_in_order() {
    let config = r#"{"append": {"headers": ["X-A:1", "x-a:2", "x-a:1"]}}"#;
    assert_eq!(received(config, &[("x-a", b"0")]), ["x-a: 0", "x-a: 1", "x-a: 2", "x-a: 1"]);
    assert_eq!(received(config, &[]), ["x-a: 1", "x-a: 2", "x-a: 1"]);
}

/// See "Applying the filter twice" in the guide. `model` tests the other rules.
#[test]
fn append_is_not_idempotent() {
    let filter =
        for_responses(r#"{"append": {"headers": ["x-a:1"]}, "add": {"headers": ["b:1"]}}"#);
    let once = on_response(&filter, &[]);
    let lines: [(&str, &[u8]); 2] = [("b", b"1"), ("x-a", b"1")];
    let mut result = Headers::default();
    result.apply(&once);
    assert!(result.lines().eq(lines.map(|(name, value)| (name.as_bytes(), value))));
    let again = on_response(&filter, &lines);
    result.apply(&again);
    assert_eq!(result.get_all("x-a").count(), 2);
    assert_eq!(result.get_all("b").count(), 1);
}

#[test]
fn set_cookie_lines_stay_apart() {
    let cookies: Lines<'_> = &[("set-cookie", b"a=1, b"), ("set-cookie", b"c=2")];
    assert_eq!(
        received(r#"{"append": {"headers": ["Set-Cookie:d=3"]}}"#, cookies),
        ["set-cookie: a=1, b", "set-cookie: c=2", "set-cookie: d=3"]
    );
    assert_eq!(
        received(r#"{"rename": {"headers": ["Set-Cookie:X-Set-Cookie"]}}"#, cookies),
        ["x-set-cookie: a=1, b", "x-set-cookie: c=2"]
    );
}

#[test]
fn rules_see_the_result_of_earlier_rules() {
    let set = r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["a:new"]}}"#;
    assert_eq!(received(set, &[("a", b"1"), ("a", b"2")]), ["a: new"]);
    assert_eq!(received(set, &[]), ["a: new"]);
    let all = r#"{"remove": {"headers": ["a"]}, "rename": {"headers": ["b:a"]},
        "replace": {"headers": ["a:r"]}, "add": {"headers": ["a:d", "b:d"]},
        "append": {"headers": ["a:p"]}}"#;
    assert_eq!(received(all, &[("a", b"1"), ("b", b"2")]), ["a: r", "a: p", "b: d"]);
    assert_eq!(received(all, &[("a", b"1")]), ["a: d", "a: p", "b: d"]);
}

#[test]
fn splits_entries_at_the_first_colon() {
    let config = r#"{"add": {"headers": ["a: http://x:80/ ", "b:\u00e9"]}}"#;
    assert_eq!(received(config, &[]), ["a: http://x:80/", r"b: \xc3\xa9"]);
}

#[test]
fn makes_only_necessary_mutations() {
    let count = |config: &str, lines: Lines<'_>| {
        let filter = for_requests(config);
        on_request(&filter, lines, &TestHost::default()).0.len()
    };
    let config = r#"{"remove": {"headers": ["a"]}, "add": {"headers": ["b:1"]}}"#;
    assert_eq!(count(config, &[("b", b"2")]), 0);
    assert_eq!(count(config, &[("a", b"1")]), 2);
    assert_eq!(count(r#"{"rename": {"headers": ["a:b"]}}"#, &[("b", b"2")]), 0);
    let same = r#"{"remove": {"headers": ["a", "z*"]}, "append": {"headers": ["a:1", "b:1"]},
        "add": {"headers": ["a:1"]}}"#;
    assert_eq!(count(same, &[("a", b"1"), ("a", b"1")]), 1);
}

#[test]
fn requests_and_responses_have_separate_rules() {
    let filter = configured(
        r#"{"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
            "response": {"remove": {"headers": ["Server"]}}}"#,
    );
    let (mutations, _) = on_request(&filter, &[], &TestHost::default());
    assert!(matches!(&*mutations, [HeaderMutation::Add(name, value)]
        if name.as_str() == "x-forwarded-by" && **value == *b"novasphere"));
    let response = on_response(&filter, &[]);
    assert!(matches!(&*response, [HeaderMutation::Remove(name)] if name.as_str() == "server"));
}

#[test]
fn faults_do_not_quote_values() {
    for config in [
        r#"{"request": {"add": "Authorization:s3cret"}}"#,
        r#"{"request": {"add": {"headers": "Authorization:s3cret"}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization s3cret"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization s3cret:x"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization:s3cret\u0000"]}}}"#,
        r#"{"request": {"add": {"headers": ["Authorization:$(s3cret)"]}}}"#,
        r#"{"request": {"add": {"headers": ["Host:s3cret"]}}}"#,
        r#"{"request": {"replace": {"headers": ["a:s3cret", "a:s3cret"]}}}"#,
        r#"{"request": {"append": {"headers": {"Authorization": "s3cret"}}}}"#,
        r#"{"request": {"append": {"headers": ["Authorization:$(s3cret"]}}}"#,
        r#"{"request": {"append": {"headers": ["Authorization:$(headers.s3 cret)"]}}}"#,
        r#"{"request": {"add": {"querystring": ["\u0000:s3cret", "key:s3cret\u0001"]}}}"#,
        "{\"request\": {\"add\": {\"querystring\": [\"\0:s3cret\", \"key:s3cret\u{1}\"]}}}",
        r#"{"response": {"security_headers": {"referrer_policy": "s3cret\u0000"}}}"#,
        "{\"response\": {\"security_headers\": {\"referrer_policy\": \"s3cret\0\"}}}",
        r#"{"response": {"security_headers": {"referrer_policy": ["s3cret"]}}}"#,
        r#"{"response": {"security_headers": "s3cret"}}"#,
        r#"{"response": {"add": {"headers": ["a:1"], "if_status": ["s3cret"]}}}"#,
    ] {
        let faults = refused(config);
        assert!(!faults.contains("s3cret"), "{faults}");
    }
}

/// A `replace` whose template has no value keeps the client's value, and so does `add`.
#[test]
fn names_that_mean_set_lead_to_remove_and_add() {
    for config in [
        r#"{"request": {"set": {"headers": ["X-User-Id:$(claims.sub)"]}}}"#,
        r#"{"request": {"overwrite": {"headers": ["X-User-Id:$(claims.sub)"]}}}"#,
        r#"{"customRequestHeaders": {"X-User-Id": "1"}}"#,
        r#"{"proxy_set_header": ["X-User-Id $user"]}"#,
    ] {
        let fault = refused(config);
        assert!(fault.contains("unknown field; use remove and add together"), "{fault}");
        assert!(!fault.contains("replace"), "{fault}");
    }
}
