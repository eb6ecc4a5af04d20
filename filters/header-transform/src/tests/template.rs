//! Values made from the request.

use std::net::IpAddr;

use novasphere_core::{Filter, ResponseHead, testing::TestHost};

use super::{Lines, configured, for_requests, headers, on_request, refused, sent_in, shown};
use crate::HeaderTransform;

const REQUEST: Lines<'_> = &[
    (":authority", b"api.novasphere.io:8443"),
    (":path", b"/api/v1/wuk%6Fngs/?q=a%20b&q=2&e="),
    ("x-user", b"alice"),
    ("x-user", b"bob"),
    ("x-empty", b""),
    ("x-request-id", b"7f"),
];

/// The value a template makes of the request, and the events.
fn made(template: &str) -> (Option<String>, Vec<&'static str>) {
    let test_host = TestHost::default();
    test_host.address.set(Some("::ffff:192.0.2.1".parse::<IpAddr>().unwrap()));
    test_host.attributes.borrow_mut().insert("realm.sub".into(), b"u-1".to_vec());
    let rules = serde_json(template);
    let lines = sent_in(&test_host, &for_requests(&rules), REQUEST);
    let value = lines.iter().find_map(|line| line.strip_prefix("made: "));
    (value.map(str::to_owned), test_host.events.take())
}

fn serde_json(template: &str) -> String {
    format!(r#"{{"add": {{"headers": [{:?}]}}}}"#, format!("made:{template}"))
}

#[test]
fn every_input_is_read() {
    for (template, value) in [
        ("$(headers.X-User)", "alice"),
        ("$(query.q)", "a b"),
        ("$(query_params.q)", "a b"),
        ("$(claims.realm.sub)", "u-1"),
        ("$(path.1)-$(path.3)", "api-wukongs"),
        ("$(client.ip)", "192.0.2.1"),
        ("$(request.id)", "7f"),
        ("$(host)", "api.novasphere.io:8443"),
        ("a $( headers.x-user ) b", "a alice b"),
        ("$(headers.x-user)$(headers.x-user)", "alicealice"),
    ] {
        assert_eq!(made(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn defaults_stand_for_what_is_missing_or_empty() {
    for (template, value) in [
        ("$(headers.x-none | none)", "none"),
        ("$(headers.x-empty|none)", "none"),
        ("$(query.e | a | b)", "a | b"),
        ("$(claims.none | $)", "$"),
        ("$(path.4 | root)", "root"),
        ("$(path.99 | root)", "root"),
        ("[$(headers.x-none | )]", "[]"),
        ("$(headers.x-user | none)", "alice"),
    ] {
        assert_eq!(made(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn half_a_value_is_not_sent() {
    for template in [
        "$(headers.x-none)",
        "user-$(headers.x-empty)",
        "$(headers.x-user)-$(query.none)",
        "$(path.4)",
        "$(claims.none)",
        "$(headers.x-none | )",
    ] {
        assert_eq!(made(template), (None, vec!["input_missing"]), "{template}");
    }
}

#[test]
fn dollars_are_dollars() {
    for (template, value) in [
        ("$5 $$ $", "$5 $$ $"),
        ("$$(host)", "$(host)"),
        ("$$$(headers.x-user)", "$alice"),
        ("$$$$(host)", "$$(host)"),
        ("a$b$(headers.x-user)$", "a$balice$"),
        (")(", ")("),
    ] {
        assert_eq!(made(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn what_may_not_be_sent_is_not() {
    let filter = for_requests(r#"{"add": {"headers": ["made:<$(headers.x)>"]}}"#);
    let made = |value: &[u8]| {
        let test_host = TestHost::default();
        let lines = sent_in(&test_host, &filter, &[("x", value)]);
        (lines.get(1).cloned(), test_host.events.take())
    };
    for value in
        [&b"a\r\nb: c"[..], b"\n", b"\0", b"\x7f", b"\x1b[0m", b"caf\xc3\xa9", &[b'a'; 4095]]
    {
        assert_eq!(made(value), (None, vec!["value_invalid"]), "{}", value.escape_ascii());
    }
    assert_eq!(made(b"a\tb~").0.unwrap(), r"made: <a\tb~>");
    assert_eq!(made(&[b'a'; 4094]).0.unwrap().len(), "made: ".len() + 4096);
}

#[test]
fn white_space_around_a_value_is_not_part_of_it() {
    let filter = for_requests(r#"{"add": {"headers": ["made:$(query.q)"]}}"#);
    let test_host = TestHost::default();
    let made = |path: &[u8]| sent_in(&test_host, &filter, &[(":path", path)]);
    assert_eq!(made(b"/?q=%20a%09")[1], "made: a");
    assert_eq!(made(b"/?q=%20").len(), 1);
    assert_eq!(test_host.events.take(), ["input_missing"]);
}

/// A path that the upstream may read in another way has no segments.
#[test]
fn segments_are_those_of_plain_paths() {
    let filter = for_requests(r#"{"add": {"headers": ["made:$(path.2 | none)"]}}"#);
    let made = |path: &[u8]| sent_in(&TestHost::default(), &filter, &[(":path", path)])[1].clone();
    assert_eq!(made(b"/a/b/c"), "made: b");
    for path in [&b"/a/../b"[..], b"/a//b", b"/a/b%2Fc", b"/a/b;c", b"/a/%zz", b"*", b"", b"/a"] {
        assert_eq!(made(path), "made: none", "{}", path.escape_ascii());
    }
}

#[test]
fn templates_see_the_values_before_the_rules() {
    let rules = r#"{"request": {"remove": {"headers": ["x-user"], "querystring": ["q"]},
        "add": {"headers": ["x-old:$(headers.x-user)", "x-q:$(query.q)"]},
        "append": {"querystring": ["q:$(query.q)!"]}}}"#;
    let lines = sent_in(&TestHost::default(), &configured(rules), REQUEST);
    assert!(lines.contains(&"x-old: alice".to_owned()), "{lines:?}");
    assert!(lines.contains(&"x-q: a b".to_owned()));
    assert!(lines.contains(&":path: /api/v1/wuk%6Fngs/?e=&q=a%20b%21".to_owned()));
}

#[test]
fn a_rule_without_a_value_changes_nothing() {
    let rules = r#"{"request": {"replace": {"headers": ["x-user:$(headers.x-none)"],
        "querystring": ["q:$(headers.x-none)"]}, "append": {"headers": ["x-user:$(query.none)"]}}}"#;
    let test_host = TestHost::default();
    let filter = configured(rules);
    let (mutations, _) = on_request(&filter, REQUEST, &test_host);
    assert!(mutations.is_empty());
    assert_eq!(test_host.events.take(), ["input_missing"; 3]);
    // Where it would do nothing anyway, no value is made.
    let rules = r#"{"request": {"add": {"headers": ["x-user:$(headers.x-none)"]}}}"#;
    on_request(&configured(rules), REQUEST, &test_host);
    assert!(test_host.events.take().is_empty());
}

#[test]
fn values_for_responses_come_from_the_request() {
    let rules = r#"{"response": {"append": {"headers": ["x-request-id:$(request.id)",
        "x-none:$(headers.x-none)"]}, "add": {"headers": ["x-user:$(headers.x-user)"]}}}"#;
    let (filter, test_host) = (configured(rules), TestHost::default());
    let (mutations, carry) = on_request(&filter, REQUEST, &test_host);
    assert!(mutations.is_empty());
    let mut response = headers(&[(":status", b"200"), ("x-user", b"upstream")]);
    let head = ResponseHead { headers: response.clone() };
    response.apply(filter.on_response(carry, &head));
    assert_eq!(shown(&response), [":status: 200", "x-user: upstream", "x-request-id: 7f"]);
    assert_eq!(test_host.events.take(), ["input_missing"]);
}

#[test]
fn what_is_no_template_is_refused() {
    for (template, fault) in [
        ("$(host", "without its"),
        ("$(", "without its"),
        ("$()", "something unknown"),
        ("$(hosts)", "something unknown"),
        ("$(header.x)", "something unknown"),
        ("$(host.name)", "something unknown"),
        ("$(client.port)", "something unknown"),
        ("$(headers[\"x-user\"] or \"none\")", "something unknown"),
        ("$(uri_captures.id)", "$(path.1)"),
        ("$(uri_captures['id'])", "$(path.1)"),
        ("$(headers.)", "not a header name"),
        ("$(headers.:path)", "not a header name"),
        ("$(headers.x y)", "not a header name"),
        ("$(query.)", "has no name"),
        ("$(claims.)", "claims_to_attributes"),
        ("$(claims.a b)", "claims_to_attributes"),
        ("$(path.0)", "from 1 to 99"),
        ("$(path.x)", "from 1 to 99"),
        ("$(path.100)", "from 1 to 99"),
    ] {
        for list in ["headers", "querystring"] {
            let config = format!(
                r#"{{"request": {{"add": {{"{list}": [{:?}]}}}}}}"#,
                format!("made:{template}")
            );
            assert!(refused(&config).contains(fault), "{template}: {}", refused(&config));
        }
    }
}

#[test]
fn claims_need_a_host_that_passes_them() {
    let test_host = TestHost::default();
    test_host.passes_attributes.set(false);
    let config = r#"{"request": {"add": {"headers": ["x-user:$(claims.sub | none)"],
        "querystring": ["u:$(claims.sub)"]}}}"#;
    let faults = HeaderTransform::from_json(config.as_bytes(), &test_host).unwrap_err();
    assert_eq!(faults.faults().len(), 2);
    assert!(faults.to_string().contains("claims_to_headers"), "{faults}");
}
