//! A chain has the same effect as its filters one after another, each of which sees the whole head
//! after the mutations of the earlier ones.

use super::*;

/// Filters in the order of requests. Each changes headers that another one reads.
fn filters(variant: usize) -> Vec<(&'static str, String)> {
    let jwt = format!(
        r#"{{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true,
            "header_names": ["x-token"], "forward_token": {}}}"#,
        variant & 1 == 0
    );
    let rate_limit = [
        r#"{"hour": 3, "limit_by": "header", "header_name": "x-consumer-id",
            "on_unresolved": "deny"}"#,
        r#"{"hour": 3, "limit_by": "consumer", "headers": "ietf"}"#,
        r#"{"hour": 3, "limit_by": "path", "path": "/a"}"#,
    ];
    let transform = [
        r#"{"response": {"remove": {"headers": ["vary"]},
            "rename": {"headers": ["x-a:ratelimit", "x-b:access-control-allow-origin"]}}}"#,
        r#"{"request": {"remove": {"querystring": ["q"]}, "add": {"headers": ["x-a:1"]}},
            "response": {"append": {"headers": ["vary:Accept", "ratelimit-remaining:1"]}}}"#,
        r#"{"request": {"rename": {"headers": ["x-token:x-a"]}},
            "response": {"replace": {"headers": ["ratelimit-limit:9"]},
                "add": {"headers": ["access-control-max-age:1"]}}}"#,
    ];
    let pick = |all: &[&str; 3], by: usize| {
        all.iter().cycle().nth(variant / by).copied().unwrap_or_default().to_owned()
    };
    vec![
        ("cors", r#"{"origins": ["https://a.example"], "credentials": true}"#.to_owned()),
        ("jwt_auth", jwt),
        ("rate_limit", pick(&rate_limit, 2)),
        ("header_transform", pick(&transform, 6)),
    ]
}

fn chain(filters: &[(&str, String)]) -> Gateway {
    let members: Vec<String> =
        filters.iter().map(|(name, config)| format!("\"{name}\": {config}")).collect();
    configured(&format!("{{{}}}", members.join(", ")))
}

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

fn headers(lines: &Lines) -> Headers<'_> {
    Headers::borrowed(lines.iter().map(|(name, value)| (name.as_slice(), value.as_slice())))
}

fn with_mutations(lines: &Lines, mutations: &[HeaderMutation<'_>]) -> Lines {
    let headers = headers(lines);
    let mutated = headers.with_mutations(mutations);
    mutated.lines().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// Sends a request and its response through the gateways. Returns both after all mutations, and the
/// status of a local response.
fn pass(gateways: &[Gateway], mut request: Lines, mut response: Lines) -> (Lines, Lines, u16) {
    let mut passed = Vec::new();
    for gateway in gateways {
        let (host, mut states) = (TestHost::default(), States::default());
        let head = RequestHead { headers: headers(&request) };
        match gateway.on_request(&head, &mut states, &host.env()) {
            Decision::Continue { mutations, carry, .. } => {
                request = with_mutations(&request, &mutations);
                passed.push((gateway, carry));
            }
            Decision::Respond { mutations, response, .. } => {
                return (with_mutations(&request, &mutations), Lines::new(), response.status);
            }
            Decision::Pause { .. } | Decision::Call(_) => panic!("pauses"),
        }
    }
    for (gateway, carry) in passed.into_iter().rev() {
        let head = ResponseHead { headers: headers(&response) };
        response = with_mutations(&response, &gateway.on_response(carry, &head));
    }
    (request, response, 0)
}

#[test]
fn chain_equals_its_filters_one_after_another() {
    let of_requests: [(&str, &[&str]); 6] = [
        ("origin", &["https://a.example", "https://b.example"]),
        ("x-token", &["x", "y"]),
        ("X-Consumer-Id", &["1", "2"]),
        ("x_consumer_id", &["3"]),
        ("x-a", &["4"]),
        ("authorization", &["Bearer x.y.z"]),
    ];
    let of_responses: [(&str, &[&str]); 7] = [
        ("vary", &["Accept", "origin", "*"]),
        ("Access-Control-Allow-Origin", &["*", "https://a.example"]),
        ("ratelimit", &["\"hour\";r=0;t=1", "broken"]),
        ("RateLimit-Remaining", &["0", "2"]),
        ("ratelimit-limit", &["5"]),
        ("x-a", &["\"other\";r=0;t=1"]),
        ("x-b", &["https://b.example"]),
    ];
    let mut random = 5_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    for round in 0..1_000 {
        let filters = filters(round);
        let mut pick = |all: &[(&str, &[&str])], start: &[(&str, &str)]| -> Lines {
            let mut lines = start.to_vec();
            for (name, values) in all {
                for _ in 0..next(3) {
                    lines.push((name, values[next(values.len())]));
                }
            }
            lines
                .iter()
                .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect()
        };
        let request = pick(&of_requests, &[(":method", "GET"), (":path", "/a?q=1&r=2")]);
        let response = pick(&of_responses, &[(":status", "200")]);
        let single: Vec<Gateway> = filters.chunks(1).map(chain).collect();
        let expected = pass(&single, request.clone(), response.clone());
        let (found, said) =
            (pass(&[chain(&filters)], request.clone(), response.clone()), (request, response));
        assert_eq!(found, expected, "{filters:?} of {said:?}");
    }
}

/// header-transform alone does not read the response. In a chain it gets the head that cors reads,
/// which must not change its result.
#[test]
fn handshake_response_equals_that_of_the_single_filters() {
    let filters = [
        ("cors", r#"{"origins": ["https://a.example"]}"#.to_owned()),
        ("header_transform", r#"{"response": {"remove": {"headers": ["x-a"]}}}"#.to_owned()),
    ];
    let lines = |lines: &[(&str, &str)]| -> Lines {
        lines.iter().map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec())).collect()
    };
    let request = lines(&[(":method", "GET"), (":path", "/")]);
    let response = lines(&[(":status", "101"), ("x-a", "1")]);
    let (_, chained, _) = pass(&[chain(&filters)], request.clone(), response.clone());
    // A filter that only removes headers by name does not read the response (docs/reference/header-transform.md, rule 7).
    let alone = chain(&filters[1..]);
    assert!(matches!(alone.response_headers(), novasphere_core::HeaderInterest::None));
    let (_, mutations, _) = pass(&[alone], request, lines(&[("x-a", "1")]));
    assert_eq!(mutations, Lines::new());
    assert!(!chained.iter().any(|(name, _)| name == b"x-a"), "{chained:?}");
}
