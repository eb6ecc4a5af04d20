//! Behaviour of the filter, on a host that passes only the headers that the filter reads.

mod bulk_removal;
mod conditions;
mod header_interest;
mod headers;
mod model;
mod query;
mod template;

use novasphere_core::{
    Capability, Decision, Filter, HeaderInterest, HeaderMutation, Headers, RequestHead,
    ResponseHead,
    testing::{self, TestHost},
};

use crate::{HeaderTransform, Rendered};

type Lines<'a> = &'a [(&'a str, &'a [u8])];

fn configured(config: &str) -> HeaderTransform {
    HeaderTransform::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

/// A filter with these rules for requests.
fn for_requests(rules: &str) -> HeaderTransform {
    configured(&format!("{{\"request\": {rules}}}"))
}

/// A filter with these rules for responses.
fn for_responses(rules: &str) -> HeaderTransform {
    configured(&format!("{{\"response\": {rules}}}"))
}

/// The faults of a configuration.
fn refused(config: &str) -> String {
    HeaderTransform::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
}

fn headers<'a>(lines: Lines<'a>) -> Headers<'a> {
    Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)))
}

/// The part of `lines` that a host passes.
fn visible_headers<'a>(lines: Lines<'a>, interest: &HeaderInterest) -> Headers<'a> {
    let lines: Vec<(&[u8], &[u8])> = lines.iter().map(|(n, v)| (n.as_bytes(), *v)).collect();
    testing::visible_headers(&lines, interest)
}

fn on_request<'f>(
    filter: &'f HeaderTransform,
    lines: Lines<'_>,
    host: &TestHost,
) -> (Vec<HeaderMutation<'f>>, Rendered) {
    let head = RequestHead { headers: visible_headers(lines, filter.request_headers()) };
    match filter.on_request(&head, &mut (), &host.env()) {
        Decision::Continue { mutations, carry, reason: "passed" } => (mutations, carry),
        other => panic!("{other:?}"),
    }
}

/// The mutations for a response to an empty request.
fn on_response<'f>(filter: &'f HeaderTransform, lines: Lines<'_>) -> Vec<HeaderMutation<'f>> {
    let (_, rendered) = on_request(filter, &[], &TestHost::default());
    filter.on_response(
        rendered,
        &ResponseHead { headers: visible_headers(lines, filter.response_headers()) },
    )
}

fn shown(headers: &Headers<'_>) -> Vec<String> {
    let lines = headers.lines();
    lines.map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii())).collect()
}

/// The request after the filter, in `host`.
fn sent_in(host: &TestHost, filter: &HeaderTransform, lines: Lines<'_>) -> Vec<String> {
    let mut result = headers(lines);
    let (mutations, _) = on_request(filter, lines, host);
    result.apply(&mutations);
    shown(&result)
}

/// The request after the filter.
fn sent(rules: &str, lines: Lines<'_>) -> Vec<String> {
    sent_in(&TestHost::default(), &for_requests(rules), lines)
}

/// The response after the filter.
fn received(rules: &str, lines: Lines<'_>) -> Vec<String> {
    let filter = for_responses(rules);
    let mut result = headers(lines);
    let mutations = on_response(&filter, lines);
    result.apply(&mutations);
    shown(&result)
}

/// The warnings on a host that keeps these headers to one line.
fn warnings_of_single_lines(config: &str) -> Vec<String> {
    let single_line_headers = &["referer", "authorization"];
    let host = TestHost { single_line_headers, ..TestHost::default() };
    HeaderTransform::from_json(config.as_bytes(), &host).unwrap();
    host.warnings.take()
}

#[test]
fn warns_of_append_to_a_header_that_the_host_keeps_to_one_line() {
    let append = r#""append": {"headers": ["via:1.1 a", "Referer:b"]}"#;
    assert_eq!(
        warnings_of_single_lines(&format!(
            r#"{{"request": {{{append}}}, "response": {{{append}}}}}"#
        )),
        ["request.append.headers[1]: \"referer\" can have only one line and one value on this \
          proxy, so a request that has it gets 500: use add to keep the client's value, or remove \
          and add to replace it"]
    );
    for remove in ["Referer", "Ref*"] {
        let removed =
            format!(r#"{{"request": {{"remove": {{"headers": ["{remove}"]}}, {append}}}}}"#);
        assert_eq!(warnings_of_single_lines(&removed), [""; 0]);
    }
    // Patterns do not remove Authorization.
    let append = r#""append": {"headers": ["Authorization:Basic x"]}"#;
    let removed =
        |names: &str| format!(r#"{{"request": {{"remove": {{"headers": {names}}}, {append}}}}}"#);
    assert_eq!(
        warnings_of_single_lines(&removed(r#"["Auth*"]"#)),
        ["request.append.headers[0]: \"authorization\" can have only one line and one value on \
          this proxy, so a request that has it gets 500: patterns do not remove it, so list its \
          full name in remove"]
    );
    for names in [r#"["Authorization"]"#, r#"["Auth*", "Authorization"]"#] {
        assert_eq!(warnings_of_single_lines(&removed(names)), [""; 0]);
    }
}

#[test]
fn warns_of_two_values_of_a_header_that_the_host_keeps_to_one_line() {
    let remove = r#""remove": {"headers": ["Referer"]}"#;
    for (rules, index, other) in [
        (
            r#""add": {"headers": ["Referer:a"]}, "append": {"headers": ["Referer:b"]}"#,
            0,
            "add.headers[0]",
        ),
        (r#""append": {"headers": ["Referer:a", "x:1", "Referer:b"]}"#, 2, "append.headers[0]"),
        (
            r#""rename": {"headers": ["X-A:Referer"]}, "append": {"headers": ["Referer:b"]}"#,
            0,
            "rename.headers[0]",
        ),
    ] {
        let both = format!(
            "request.append.headers[{index}]: \"referer\" can have only one line and one value on \
             this proxy, and request.{other} also gives it one, so a request to which both apply \
             gets 500: remove one of the two"
        );
        let removed = format!(r#"{{"request": {{{remove}, {rules}}}}}"#);
        assert_eq!(warnings_of_single_lines(&removed), [both.as_str()]);
        let kept = warnings_of_single_lines(&format!(r#"{{"request": {{{rules}}}}}"#));
        assert_eq!(kept.last(), Some(&both));
    }
    let other_method = r#""add": {"headers": ["Referer:a"], "if_method": ["GET"]},
        "append": {"headers": ["Referer:b"], "if_method": ["POST"]}"#;
    let config = format!(r#"{{"request": {{{remove}, {other_method}}}}}"#);
    assert_eq!(warnings_of_single_lines(&config), [""; 0]);
}

#[test]
fn warns_of_removal_of_a_header_that_the_host_cannot_remove() {
    let warnings = |rules: &str| {
        let unremovable_headers = &["x-forwarded-for", "x-real-ip"];
        let host = TestHost { unremovable_headers, ..TestHost::default() };
        let config = format!(r#"{{"request": {{{rules}}}}}"#);
        HeaderTransform::from_json(config.as_bytes(), &host).unwrap();
        host.warnings.take()
    };
    let named = |rule: &str, header: &str| {
        format!(
            "request.{rule}.headers[0]: \"{header}\" cannot be removed on this proxy, so a request \
             that has it gets 500: remove the entry. The proxy sets the header for its upstreams \
             itself"
        )
    };
    let remove = r#""remove": {"headers": ["X-Real-IP", "X-A"]}"#;
    assert_eq!(warnings(remove), [named("remove", "x-real-ip")]);
    let spelling = r#""remove": {"headers": ["X_Forwarded_For"]}"#;
    assert_eq!(warnings(spelling), [named("remove", "x-forwarded-for")]);
    let rename = r#""rename": {"headers": ["X-Forwarded-For:X-Old"]}"#;
    assert_eq!(warnings(rename), [named("rename", "x-forwarded-for")]);
    let pattern = r#""remove": {"headers": ["X-Forwarded-*"]}"#;
    let expected = "request.remove.headers[0]: \"x-forwarded-*\" also matches \"x-forwarded-for\", \
                    which cannot be removed on this proxy, so a request that has it gets 500: list \
                    the headers to remove by name";
    assert_eq!(warnings(pattern), [expected]);
    for set in [
        r#""add": {"headers": ["X-Real-IP:192.0.2.1"]}"#,
        r#""append": {"headers": ["X-Real-IP:192.0.2.1"]}"#,
    ] {
        assert_eq!(warnings(&format!("{remove}, {set}")), [""; 0], "{set}");
    }
    for may_not_set in [
        r#""add": {"headers": ["X-Real-IP:$(headers.x-b)"]}"#,
        r#""add": {"if_method": ["GET"], "headers": ["X-Real-IP:192.0.2.1"]}"#,
        r#""rename": {"headers": ["X-B:X-Real-IP"]}"#,
    ] {
        let config = format!("{remove}, {may_not_set}");
        assert_eq!(warnings(&config), [named("remove", "x-real-ip")], "{may_not_set}");
    }
    assert_eq!(warnings(r#""replace": {"headers": ["X-Real-IP:192.0.2.1"]}"#), [""; 0]);
}

#[test]
fn rejects_response_rules_on_hosts_without_them() {
    let host = TestHost { unsupported: vec![Capability::Response], ..TestHost::default() };
    let config =
        br#"{"request": {"add": {"headers": ["a:b"]}}, "response": {"security_headers": true}}"#;
    let faults = HeaderTransform::from_json(config, &host).unwrap_err();
    assert_eq!(faults.to_string(), "response: cannot be used here: do it elsewhere");
    let config = br#"{"request": {"add": {"headers": ["a:b"]}}, "response": {}}"#;
    assert!(HeaderTransform::from_json(config, &host).is_ok());
}
