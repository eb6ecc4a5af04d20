//! Values rendered from the request.

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

/// The value of a template for `REQUEST`, and the events.
fn rendered(template: &str) -> (Option<String>, Vec<&'static str>) {
    let host = TestHost::default();
    host.address.set(Some("::ffff:192.0.2.1".parse::<IpAddr>().unwrap()));
    host.attributes.borrow_mut().insert("realm.sub".into(), b"u-1".to_vec());
    let rules = add_rule(template);
    let lines = sent_in(&host, &for_requests(&rules), REQUEST);
    let value = lines.iter().find_map(|line| line.strip_prefix("made: "));
    (value.map(str::to_owned), host.events.take())
}

fn add_rule(template: &str) -> String {
    format!(r#"{{"add": {{"headers": [{:?}]}}}}"#, format!("made:{template}"))
}

#[test]
fn resolves_every_variable() {
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
        assert_eq!(rendered(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn defaults_replace_missing_and_empty_values() {
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
        assert_eq!(rendered(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn incomplete_values_are_not_sent() {
    for template in [
        "$(headers.x-none)",
        "user-$(headers.x-empty)",
        "$(headers.x-user)-$(query.none)",
        "$(path.4)",
        "$(claims.none)",
        "$(headers.x-none | )",
    ] {
        assert_eq!(rendered(template), (None, vec!["input_missing"]), "{template}");
    }
}

#[test]
fn other_dollars_are_literal() {
    for (template, value) in [
        ("$5 $$ $", "$5 $$ $"),
        ("$$(host)", "$(host)"),
        ("$$$(headers.x-user)", "$alice"),
        ("$$$$(host)", "$$(host)"),
        ("a$b$(headers.x-user)$", "a$balice$"),
        (")(", ")("),
    ] {
        assert_eq!(rendered(template), (Some(value.to_owned()), vec![]), "{template}");
    }
}

#[test]
fn invalid_values_are_not_sent() {
    let filter = for_requests(r#"{"add": {"headers": ["made:<$(headers.x)>"]}}"#);
    let rendered = |value: &[u8]| {
        let host = TestHost::default();
        let lines = sent_in(&host, &filter, &[("x", value)]);
        (lines.get(1).cloned(), host.events.take())
    };
    for value in
        [&b"a\r\nb: c"[..], b"\n", b"\0", b"\x7f", b"\x1b[0m", b"caf\xc3\xa9", &[b'a'; 4095]]
    {
        assert_eq!(rendered(value), (None, vec!["value_invalid"]), "{}", value.escape_ascii());
    }
    assert_eq!(rendered(b"a\tb~").0.unwrap(), r"made: <a\tb~>");
    assert_eq!(rendered(&[b'a'; 4094]).0.unwrap().len(), "made: ".len() + 4096);
}

#[test]
fn trims_white_space_around_values() {
    let filter = for_requests(r#"{"add": {"headers": ["made:$(query.q)"]}}"#);
    let host = TestHost::default();
    let rendered = |path: &[u8]| sent_in(&host, &filter, &[(":path", path)]);
    assert_eq!(rendered(b"/?q=%20a%09")[1], "made: a");
    assert_eq!(rendered(b"/?q=%20").len(), 1);
    assert_eq!(host.events.take(), ["input_missing"]);
}

/// An upstream may read other paths differently.
#[test]
fn only_unambiguous_paths_have_segments() {
    let filter = for_requests(r#"{"add": {"headers": ["made:$(path.2 | none)"]}}"#);
    let rendered =
        |path: &[u8]| sent_in(&TestHost::default(), &filter, &[(":path", path)])[1].clone();
    assert_eq!(rendered(b"/a/b/c"), "made: b");
    for path in [&b"/a/../b"[..], b"/a//b", b"/a/b%2Fc", b"/a/b;c", b"/a/%zz", b"*", b"", b"/a"] {
        assert_eq!(rendered(path), "made: none", "{}", path.escape_ascii());
    }
}

#[test]
fn templates_see_the_request_as_it_arrived() {
    let rules = r#"{"request": {"remove": {"headers": ["x-user"], "querystring": ["q"]},
        "add": {"headers": ["x-old:$(headers.x-user)", "x-q:$(query.q)"]},
        "append": {"querystring": ["q:$(query.q)!"]}}}"#;
    let lines = sent_in(&TestHost::default(), &configured(rules), REQUEST);
    assert!(lines.contains(&"x-old: alice".to_owned()), "{lines:?}");
    assert!(lines.contains(&"x-q: a b".to_owned()));
    assert!(lines.contains(&":path: /api/v1/wuk%6Fngs/?e=&q=a%20b%21".to_owned()));
}

#[test]
fn entries_without_a_value_have_no_effect() {
    let rules = r#"{"request": {"replace": {"headers": ["x-user:$(headers.x-none)"],
        "querystring": ["q:$(headers.x-none)"]}, "append": {"headers": ["x-user:$(query.none)"]}}}"#;
    let host = TestHost::default();
    let filter = configured(rules);
    let (mutations, _) = on_request(&filter, REQUEST, &host);
    assert!(mutations.is_empty());
    assert_eq!(host.events.take(), ["input_missing"; 3]);
    // An entry without effect renders no value.
    let rules = r#"{"request": {"add": {"headers": ["x-user:$(headers.x-none)"]}}}"#;
    on_request(&configured(rules), REQUEST, &host);
    assert!(host.events.take().is_empty());
}

#[test]
fn response_values_come_from_the_request() {
    let rules = r#"{"response": {"append": {"headers": ["x-request-id:$(request.id)",
        "x-none:$(headers.x-none)"]}, "add": {"headers": ["x-user:$(headers.x-user)"]}}}"#;
    let (filter, host) = (configured(rules), TestHost::default());
    let (mutations, carry) = on_request(&filter, REQUEST, &host);
    assert!(mutations.is_empty());
    let mut response = headers(&[(":status", b"200"), ("x-user", b"upstream")]);
    let head = ResponseHead { headers: response.clone() };
    let mutations = filter.on_response(carry, &head);
    response.apply(&mutations);
    assert_eq!(shown(&response), [":status: 200", "x-user: upstream", "x-request-id: 7f"]);
    assert_eq!(host.events.take(), ["input_missing"]);
}

#[test]
fn rejects_malformed_templates() {
    for (template, fault) in [
        ("$(host", "without its"),
        ("$(", "without its"),
        ("$()", "unknown variable"),
        ("$(hosts)", "unknown variable"),
        ("$(header.x)", "unknown variable"),
        ("$(host.name)", "unknown variable"),
        ("$(client.port)", "unknown variable"),
        ("$(headers[\"x-user\"] or \"none\")", "$(headers.x-user | none)"),
        ("$(uri_captures.id)", "$(path.1)"),
        ("$(uri_captures['id'])", "$(path.1)"),
        ("$(headers.)", "not a header name"),
        ("$(headers.:path)", "not a header name"),
        ("$(headers.x y)", "not a header name"),
        ("$(query.)", "without a name"),
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
fn rejects_claims_on_hosts_without_attributes() {
    let host = TestHost::default();
    host.passes_attributes.set(false);
    let config = r#"{"request": {"add": {"headers": ["x-user:$(claims.sub | none)"],
        "querystring": ["u:$(claims.sub)"]}}}"#;
    let faults = HeaderTransform::from_json(config.as_bytes(), &host).unwrap_err();
    assert_eq!(faults.faults().len(), 2);
    assert!(faults.to_string().contains("claims_to_headers"), "{faults}");
}
