//! Rules for a header, and the lines and forms in which clients send it.

use super::{
    super::*,
    requests::{rules, scoped},
};

/// Upstreams read the first line, the last one, or all, and some take `_` for `-`.
#[test]
fn repeated_or_respelled_header_does_not_bypass_a_rule() {
    let filter = rules(
        r#"{"header": {"name": "x-tenant", "one_of": ["a"]}, "scopes": {"all_of": ["a"]}},
           {"header": {"name": "x-tenant", "one_of": ["b"]}, "scopes": {"all_of": ["b"]}}"#,
    );
    let token = scoped("a");
    let decide = |lines: &[(&str, &str)]| {
        run(&filter, &[lines, &[("authorization", &token)]].concat()).reason
    };
    assert_eq!(decide(&[("x-tenant", "a")]), "allowed");
    assert_eq!(decide(&[("x_tenant", "b")]), "insufficient_scope");
    assert_eq!(decide(&[("x-tenant", "a"), ("x-tenant", "b")]), "ambiguous_header");
    assert_eq!(decide(&[("x-tenant", "a"), ("X.Tenant", "b")]), "ambiguous_header");
}

/// A client that gets `invalid_token` discards its token (RFC 6750 section 3.1). An anonymous
/// request must not pass with a `Connection` that removes the identity at the next hop.
#[test]
fn header_of_a_rule_on_two_lines_is_an_invalid_request_with_any_token() {
    let rule = r#", "rules": [{"header": {"name": "x-tenant", "one_of": ["a"]},
                               "scopes": {"all_of": ["a"]}}]"#;
    let anonymous = format!(r#", "anonymous": {{"username": "guest"}}{rule}"#);
    let token = scoped("a");
    for (more, first) in [
        (rule, ("authorization", &*token)),
        (rule, ("authorization", "Bearer x")),
        (rule, ("accept", "*/*")),
        (&anonymous, ("accept", "*/*")),
        (&anonymous, ("connection", "Upgrade, X-Anonymous-Consumer, X-Consumer-Username")),
    ] {
        let outcome = run(&filter(more), &[first, ("x-tenant", "a"), ("x-tenant", "a")]);
        assert_eq!(outcome.reason, "ambiguous_header", "{more} {first:?}");
        assert_eq!(outcome.response, Some((400, r#"Bearer error="invalid_request""#.to_owned())));
    }
}

/// Proxies route a request by its host without regard to case and port.
#[test]
fn form_of_a_host_does_not_bypass_a_rule() {
    let filter = rules(
        r#"{"header": {"name": "Host", "one_of": ["Admin.example"]}, "scopes": {"all_of": ["a"]}}"#,
    );
    let token = scoped("b");
    let decide =
        |name: &str| run(&filter, &[(":authority", name), ("authorization", &token)]).reason;
    for form in ["admin.example", "ADMIN.example", "admin.example.", "admin.example:8443"] {
        assert_eq!(decide(form), "insufficient_scope", "{form}");
    }
    assert_eq!(decide("www.example"), "allowed");
}
