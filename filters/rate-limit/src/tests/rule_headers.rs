//! Rules with a condition on a header, and rules with faults.

use super::*;

/// Proxies route a request by its host without regard to case and port.
#[test]
fn form_of_a_host_does_not_bypass_a_rule() {
    let filter = build(
        r#"{"rules": [
            {"name": "a", "header": {"name": "Host", "one_of": ["API.example."]}, "hour": 1}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |name| reason(&send(&host, &filter, &mut state, &[(":authority", name)]));
    assert_eq!(decide("api.example"), "allowed");
    for form in ["API.example", "api.example.", "api.example:80", "api.example:8443"] {
        assert_eq!(decide(form), "limited", "{form}");
    }
    for other in ["api.example.org", "www.example", ""] {
        assert_eq!(decide(other), "not_limited", "{other}");
    }
}

/// Upstreams differ in which line of a header they read.
#[test]
fn lines_of_a_header_with_different_rules_are_rejected() {
    let filter = build(
        r#"{"rules": [
            {"name": "a", "header": {"name": "X-Job", "one_of": ["export", "dump"]}, "hour": 1}]}"#,
    );
    let (host, mut state) = (host(), State::default());
    let mut decide = |lines: &[(&str, &str)]| {
        let decision = send(&host, &filter, &mut state, lines);
        let status = match &decision {
            Decision::Respond { response, .. } => response.status,
            _ => 200,
        };
        (reason(&decision), status)
    };
    for lines in [
        [("x-job", "view"), ("x-job", "export")],
        [("x-job", "export"), ("X-Job", "view")],
        [("x-job", "view"), ("X_Job", "export")],
    ] {
        assert_eq!(decide(&lines), ("repeated_header", 400), "{lines:?}");
    }
    assert_eq!(decide(&[("x-job", "view"), ("x-job", "list")]), ("not_limited", 200));
    assert_eq!(decide(&[("x-job", "export"), ("x-job", "dump")]), ("allowed", 200));
    assert_eq!(decide(&[("x-job", "dump")]), ("limited", 429));
}

/// The faulty rule would seem to match more requests than its author meant.
#[test]
fn faulty_rule_makes_no_other_rule_unreachable() {
    for faulty in [
        r#""path": "a;b", "methods": ["GET"]"#,
        r#""path": "/x", "header": {"name": "x y", "one_of": ["1"]}"#,
        r#""path": "/x", "methods": []"#,
    ] {
        let rules = format!(
            r#"{{"rules": [{{"name": "a", {faulty}, "hour": 1}},
                {{"name": "b", "path": "/x", "methods": ["GET"], "hour": 1}}]}}"#
        );
        let errors = errors(&rules);
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(!errors.contains("never applies"), "{errors}");
    }
}
