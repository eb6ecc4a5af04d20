//! The headers of responses.

use super::*;

mod upstream;

#[test]
fn default_headers_are_kong_headers() {
    let filter = build(r#"{"minute": 2, "hour": 3}"#);
    let (host, mut state) = (host(), State::default());
    // 37:42 past the hour.
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        "x-ratelimit-limit-minute=2 x-ratelimit-remaining-minute=1 x-ratelimit-limit-hour=3 \
         x-ratelimit-remaining-hour=2 ratelimit-limit=2 ratelimit-remaining=1 ratelimit-reset=18"
    );
    send(&host, &filter, &mut state, &[]);
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        "x-ratelimit-limit-minute=2 x-ratelimit-remaining-minute=0 x-ratelimit-limit-hour=3 \
         x-ratelimit-remaining-hour=1 ratelimit-limit=2 ratelimit-remaining=0 ratelimit-reset=18 \
         retry-after=18 content-type=application/json; charset=utf-8"
    );
    host.advance(18);
    send(&host, &filter, &mut state, &[]);
    let both = headers(send(&host, &filter, &mut state, &[]), &filter);
    assert!(
        both.contains("ratelimit-limit=3 ratelimit-remaining=0 ratelimit-reset=1320"),
        "{both}"
    );
    assert!(both.contains("retry-after=1320"), "{both}");
}

#[test]
fn hidden_headers_keep_retry_after() {
    let filter = build(r#"{"hour": 1, "hide_client_headers": true}"#);
    let (host, mut state) = (host(), State::default());
    assert_eq!(headers(send(&host, &filter, &mut state, &[]), &filter), "");
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        "retry-after=1338 content-type=application/json; charset=utf-8"
    );
}

#[test]
fn window_header_is_named_by_its_seconds() {
    let filter = build(r#"{"window": {"seconds": 90, "requests": 3}, "second": 2}"#);
    let (host, mut state) = (host(), State::default());
    // 1709213862 is second 42 of its window.
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        "x-ratelimit-limit-second=2 x-ratelimit-remaining-second=1 x-ratelimit-limit-90=3 \
         x-ratelimit-remaining-90=2 ratelimit-limit=2 ratelimit-remaining=1 ratelimit-reset=1"
    );
}

#[test]
fn ietf_headers_are_two_lists() {
    let filter = build(r#"{"minute": 2, "month": 30, "headers": "ietf", "name": "api"}"#);
    let (host, mut state) = (host(), State::default());
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        r#"+ratelimit="api-minute";r=1;t=18 +ratelimit-policy="api-minute";q=2;w=60, "api-month";q=30"#
    );
    send(&host, &filter, &mut state, &[]);
    assert_eq!(
        headers(send(&host, &filter, &mut state, &[]), &filter),
        r#"ratelimit="api-minute";r=0;t=18 ratelimit-policy="api-minute";q=2;w=60, "api-month";q=30 retry-after=18 content-type=application/json; charset=utf-8"#
    );
}

#[test]
fn body_has_the_configured_form() {
    let body = |config: &str| {
        let filter = build(config);
        let (host, mut state) = (host(), State::default());
        send(&host, &filter, &mut state, &[]);
        let response = response(send(&host, &filter, &mut state, &[]));
        let (_, content_type) =
            response.headers.iter().find(|(name, _)| name.as_str() == "content-type").unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (response.status, text(content_type), text(&response.body))
    };
    assert_eq!(
        body(r#"{"hour": 1, "error_message": "\"no\" \\\""}"#),
        (429, "application/json; charset=utf-8".into(), r#"{"message":"\"no\" \\\""}"#.into())
    );
    assert_eq!(
        body(r#"{"hour": 1, "day": 9, "error_format": "problem+json"}"#),
        (
            429,
            "application/problem+json".into(),
            r#"{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Request cannot be satisfied as assigned quota has been exceeded","status":429,"detail":"API rate limit exceeded","violated-policies":["hour"]}"#.into()
        )
    );
    assert_eq!(
        body(
            r#"{"hour": 1, "error_code": 503, "error_format": "template",
                 "error_template": "{\"code\": $status, \"message\": \"$message\"}"}"#
        ),
        (
            503,
            "application/json; charset=utf-8".into(),
            r#"{"code": 503, "message": "API rate limit exceeded"}"#.into()
        )
    );
}

proptest! {
    /// A reset is inside its window, Retry-After is at least the reset, and only a refusal has no
    /// remaining quota.
    #[test]
    fn header_numbers_are_consistent(
        start in 0_u64..4_000_000_000,
        waits in prop::collection::vec(0_u64..70, 1..60),
        second in 1_u32..4,
        more in 0_u32..20,
    ) {
        let minute = second + more;
        for form in ["kong", "ietf"] {
            let filter = build(&format!(
                r#"{{"second": {second}, "minute": {minute}, "headers": "{form}"}}"#
            ));
            let (host, mut state) = (TestHost::at(start), State::default());
            for wait in &waits {
                host.advance(*wait);
                let now = host.millis.get() / 1000;
                let decision = send(&host, &filter, &mut state, &[]);
                let refused = reason(&decision) == "limited";
                let headers = headers(decision, &filter);
                let number = |field: &str| {
                    let rest = headers.split(field).nth(1)?;
                    rest.split([' ', ';']).next()?.parse::<u64>().ok()
                };
                let (remaining, reset) = match form {
                    "kong" => (number(" ratelimit-remaining="), number("ratelimit-reset=")),
                    _ => (number(";r="), number(";t=")),
                };
                prop_assert!(remaining.unwrap() <= u64::from(minute));
                prop_assert!((1..=60).contains(&reset.unwrap()), "{headers}");
                prop_assert_eq!(refused, number("retry-after=").is_some());
                if let Some(retry_after) = number("retry-after=") {
                    prop_assert_eq!(remaining.unwrap(), 0);
                    prop_assert!(retry_after >= reset.unwrap() && retry_after <= 60 - now % 60);
                }
            }
        }
    }

    /// The values are lists of strings with integer parameters (RFC 9651).
    #[test]
    fn ietf_headers_are_structured_fields(
        name in "[ !#-\\[\\]-~]{0,20}",
        requests in 1_u32..2_000_000_000,
        seconds in 1_u32..31_000_000,
    ) {
        let name = serde_json::Value::from(name).to_string();
        let filter = build(&format!(
            r#"{{"window": {{"seconds": {seconds}, "requests": {requests}}}, "headers": "ietf",
                 "name": {name}}}"#
        ));
        let host = host();
        let Decision::Continue { carry, .. } = send(&host, &filter, &mut State::default(), &[]) else {
            panic!("refused");
        };
        let mutations = filter.on_response(carry, &ResponseHead::default());
        prop_assert_eq!(mutations.len(), 2);
        for mutation in mutations {
            let (HeaderMutation::Set(_, value) | HeaderMutation::Add(_, value)) = mutation else {
                panic!("{mutation:?}")
            };
            let list: sfv::List = sfv::Parser::new(&*value).parse().unwrap();
            prop_assert_eq!(list.len(), 1);
            let sfv::ListEntry::Item(item) = &list[0] else { panic!("{list:?}") };
            prop_assert!(item.bare_item.as_string().is_some());
            for (_, parameter) in &item.params {
                prop_assert!(parameter.as_integer().is_some());
            }
        }
    }
}
