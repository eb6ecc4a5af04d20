//! Which headers the filter reads.

use novasphere_core::{Filter, HeaderInterest};

use super::{configured, for_requests, for_responses};
use crate::HeaderTransform;

fn shown(interest: &HeaderInterest) -> String {
    match interest {
        HeaderInterest::None => "nothing".to_owned(),
        HeaderInterest::Named(names)
        | HeaderInterest::EveryLine(names)
        | HeaderInterest::AllIfAny(names) => {
            let mut names = names.to_vec();
            names.sort();
            names.join(" ")
        }
        HeaderInterest::All => "whole".to_owned(),
    }
}

fn request(rules: &str) -> String {
    shown(for_requests(rules).request_headers())
}

fn response(rules: &str) -> String {
    shown(for_responses(rules).response_headers())
}

#[test]
fn rules_read_only_their_message() {
    let both = |filter: &HeaderTransform| {
        (shown(filter.request_headers()), shown(filter.response_headers()))
    };
    let canonical = r#"{"request": {"add": {"headers": ["X-Forwarded-By:novasphere"]}},
        "response": {"remove": {"headers": ["Server"]}}}"#;
    assert_eq!(both(&configured(canonical)), ("x-forwarded-by".into(), "nothing".into()));
    let renaming = r#"{"response": {"rename": {"headers": ["a:b"]}}}"#;
    assert_eq!(both(&configured(renaming)), ("nothing".into(), "whole".into()));
}

#[test]
fn reads_the_request_headers_that_rules_need() {
    for (rules, reads) in [
        (r#"{"append": {"headers": ["x-a:1"]}}"#, "nothing"),
        (r#"{"add": {"headers": ["x-b:1", "x-a:1"]}}"#, "x-a x-b"),
        // A name without a hyphen has one spelling.
        (r#"{"remove": {"headers": ["tenant"]}}"#, "tenant"),
        (r#"{"replace": {"headers": ["tenant:1"]}}"#, "tenant"),
        (r#"{"remove": {"headers": ["x-a"]}}"#, "whole"),
        (r#"{"replace": {"headers": ["x-a:1"]}}"#, "whole"),
        (r#"{"rename": {"headers": ["a:b"]}}"#, "whole"),
        (r#"{"remove": {"headers": ["a*"]}}"#, "whole"),
        (r#"{"append": {"headers": ["x-a:1"], "if_method": ["GET"]}}"#, ":method"),
        (r#"{"append": {"querystring": ["a:1"], "if_method": ["GET"]}}"#, ":method :path"),
        (r#"{"append": {"headers": ["x-a:$(headers.X-B)$(headers.x-b)"]}}"#, "x-b"),
        (r#"{"append": {"headers": ["x-a:$(query.q)$(path.1)$(host)"]}}"#, ":authority :path"),
        (r#"{"append": {"headers": ["x-a:$(client.ip)$(claims.sub)"]}}"#, "nothing"),
        (r#"{"append": {"headers": ["x-a:$(headers.Host)"]}}"#, ":authority"),
        (r#"{"append": {"headers": ["x-a:$(request.id)"]}}"#, "x-request-id"),
        (r#"{"append": {"querystring": ["a:$(headers.b)"]}}"#, ":path b"),
    ] {
        assert_eq!(request(rules), reads, "{rules}");
    }
}

#[test]
fn reads_the_response_headers_that_rules_need() {
    for (rules, reads) in [
        (r#"{"remove": {"headers": ["x-a"]}, "append": {"headers": ["x-a:1"]}}"#, "nothing"),
        // The former lines do not matter, unless the response is interim.
        (r#"{"remove": {"headers": ["x-a"]}, "add": {"headers": ["x-a:1"]}}"#, ":status"),
        (r#"{"security_headers": {"override": true}}"#, ":status"),
        (r#"{"append": {"headers": ["x-a:$(path.1)"]}}"#, ":status"),
        (r#"{"add": {"headers": ["x-a:1"]}}"#, ":status x-a"),
        (r#"{"replace": {"headers": ["x-a:1"]}}"#, ":status x-a"),
        (r#"{"append": {"headers": ["x-a:1"], "if_status": [404]}}"#, ":status"),
        (r#"{"rename": {"headers": ["x-a:x-b"]}}"#, "whole"),
        (r#"{"remove": {"headers": ["x-a*"]}}"#, "whole"),
        (r#"{"allow": {"headers": ["x-a"]}}"#, "whole"),
    ] {
        assert_eq!(response(rules), reads, "{rules}");
    }
}

#[test]
fn templates_for_responses_read_the_request() {
    let rules = r#"{"append": {"headers": ["x-a:$(headers.x-b)"]}}"#;
    assert_eq!(shown(for_responses(rules).request_headers()), "x-b");
    assert_eq!(response(rules), ":status");
}
