//! Behaviour of the filter.

use novasphere_core::{
    Decision, Filter, HeaderMutation, Headers, LocalResponse, RequestHead, ResponseHead,
    testing::TestHost,
};

use crate::{Cors, CorsCarry};

mod attribute;
mod block;
mod config;
mod forwarding;
mod header_interest;
mod model;
mod origins;
mod policies;
mod preflight;
mod properties;
mod response;
mod table;

type Lines<'a> = &'a [(&'a str, &'a [u8])];

fn cors(config: &str) -> Cors {
    Cors::from_json(config.as_bytes(), &TestHost::default()).unwrap()
}

fn headers<'a>(lines: Lines<'a>) -> Headers<'a> {
    Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)))
}

fn decide<'f>(cors: &'f Cors, lines: Lines<'_>) -> Decision<'f, CorsCarry> {
    let host = TestHost::default();
    let decision = cors.on_request(&RequestHead { headers: headers(lines) }, &mut (), &host.env());
    let (Decision::Continue { reason, mutations, .. }
    | Decision::Respond { reason, mutations, .. }) = &decision
    else {
        panic!("neither continued nor responded")
    };
    assert!(Cors::REASONS.contains(reason) && mutations.is_empty());
    decision
}

/// The mutations of the response to a request that continued.
fn mutations<'f>(
    cors: &'f Cors,
    request: Lines<'_>,
    response: Lines<'_>,
) -> Vec<HeaderMutation<'f>> {
    let Decision::Continue { carry, .. } = decide(cors, request) else {
        panic!("did not continue")
    };
    cors.on_response(carry, &ResponseHead { headers: headers(response) })
}

/// The lines of the response to a request that continued, as `name: value`.
fn response(cors: &Cors, request: Lines<'_>, response: Lines<'_>) -> Vec<String> {
    let mut result = headers(response);
    let mutations = mutations(cors, request, response);
    result.apply(&mutations);
    let lines = result.lines();
    lines.map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii())).collect()
}

/// Whether the response to a request with this `Origin` allows the origin.
fn allows(cors: &Cors, origin: &[u8]) -> bool {
    let lines = response(cors, &[("origin", origin)], &[]);
    let allowed = format!("access-control-allow-origin: {}", origin.escape_ascii());
    assert!(lines.contains(&"vary: Origin".to_owned()));
    assert!(lines.contains(&allowed) || lines.len() == 1, "{lines:?}");
    lines.contains(&allowed)
}

fn preflight<'f>(cors: &'f Cors, origin: &[u8], more: Lines<'_>) -> LocalResponse<'f> {
    let mut lines = vec![
        (":method", &b"OPTIONS"[..]),
        ("origin", origin),
        ("access-control-request-method", b"PUT"),
    ];
    lines.extend_from_slice(more);
    let Decision::Respond { response, .. } = decide(cors, &lines) else {
        panic!("did not respond")
    };
    assert_eq!((response.status, &*response.body), (204, &b""[..]));
    *response
}

fn header_lines(response: &LocalResponse<'_>) -> Vec<String> {
    let lines = response.headers.iter();
    lines.map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect()
}

const NOVASPHERE: &str = r#"{"origins": ["https://app.novasphere.io", "https://*.novasphere.io"],
    "methods": ["GET", "PUT"], "headers": ["Authorization", "X-Client-Type"],
    "exposed_headers": ["X-Auth-Token"], "credentials": true, "max_age": 3600}"#;

const APP: &[u8] = b"https://app.novasphere.io";

fn allows_with_credentials(cors: &Cors, origin: &[u8]) -> bool {
    response(cors, &[("origin", origin)], &[])
        .contains(&"access-control-allow-credentials: true".to_owned())
}
