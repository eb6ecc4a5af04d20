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

#[test]
fn warns_of_append_to_a_header_that_the_host_keeps_to_one_line() {
    let warnings = |config: &str| {
        let host = TestHost { single_line_headers: &["referer"], ..TestHost::default() };
        HeaderTransform::from_json(config.as_bytes(), &host).unwrap();
        host.warnings.take()
    };
    let append = r#""append": {"headers": ["via:1.1 a", "Referer:b"]}"#;
    assert_eq!(
        warnings(&format!(r#"{{"request": {{{append}}}, "response": {{{append}}}}}"#)),
        ["request.append.headers[1]: \"referer\" can have only one line and one value on this \
          proxy, so a request that has it gets 500: use add to keep the client's value, or remove \
          and add to replace it"]
    );
    let removed = format!(r#"{{"request": {{"remove": {{"headers": ["Referer"]}}, {append}}}}}"#);
    assert_eq!(warnings(&removed), [""; 0]);
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
