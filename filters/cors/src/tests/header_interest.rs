//! Which headers the filter reads. A host must pass at least these.

use super::*;

const REQUEST: [&str; 9] = [
    ":authority",
    ":method",
    ":protocol",
    ":scheme",
    "access-control-request-headers",
    "access-control-request-method",
    "access-control-request-private-network",
    "origin",
    "upgrade",
];

/// Read only if there is no `:authority`.
const REQUEST_WITHOUT_PSEUDO_HEADERS: &str = "host";

const RESPONSE: [&str; 8] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
    "vary",
];

#[test]
fn reads_no_other_headers() {
    let noise: Lines<'_> = &[
        ("x-origin", b"https://evil.example"),
        ("referer", b"https://evil.example/"),
        ("sec-fetch-site", b"cross-site"),
        ("x-forwarded-proto", b"https"),
        ("access-control", b"x"),
        ("access-control-allow", b"x"),
        (REQUEST_WITHOUT_PSEUDO_HEADERS, b"evil.example"),
    ];
    let configs = [
        NOVASPHERE,
        "{}",
        r#"{"origins": ["https://b.example"], "block_disallowed": true, "private_network": true}"#,
        r#"{"origins": ["https://app.novasphere.io"], "preflight_continue": true}"#,
    ];
    let values: [&[u8]; 4] = [b"OPTIONS", b"https://app.novasphere.io", b"true", b"x, *"];
    for cors in configs.map(cors) {
        for request in 0..values.len() {
            let lines: Vec<_> = REQUEST
                .iter()
                .enumerate()
                .map(|(i, name)| (*name, values[if i == 1 { 0 } else { (i + request) % 4 }]))
                .collect();
            let noisy = [&lines[..], noise].concat();
            let plain = outcome(&cors, &lines, &RESPONSE.map(|name| (name, values[request])));
            let response = RESPONSE.map(|name| (name, values[request]));
            assert_eq!(plain, outcome(&cors, &noisy, &[&response[..], noise].concat()));
        }
    }
}

fn outcome(cors: &Cors, request: Lines<'_>, upstream: Lines<'_>) -> String {
    match decide(cors, request) {
        Decision::Respond { response, reason, .. } => format!("{reason} {response:?}"),
        Decision::Continue { carry, reason, .. } => {
            let mutations = cors.on_response(carry, &ResponseHead { headers: headers(upstream) });
            format!("{reason} {mutations:?}")
        }
        Decision::Pause { .. } | Decision::Call(_) => panic!("neither continued nor responded"),
    }
}
