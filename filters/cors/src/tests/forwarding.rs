//! `preflight_continue`.

use super::*;

const FORWARDING: &str = r#"{"origins": ["https://app.novasphere.io"], "credentials": true,
    "exposed_headers": ["X-A"], "preflight_continue": true}"#;

const UPSTREAM: Lines<'static> = &[
    ("access-control-allow-origin", b"*"),
    ("access-control-allow-credentials", b"true"),
    ("access-control-allow-methods", b"GET, PUT"),
    ("access-control-allow-headers", b"X-B"),
    ("access-control-max-age", b"7"),
    ("vary", b"Accept, origin"),
];

const VARY: &str =
    "vary: Accept, origin, Access-Control-Request-Method, Access-Control-Request-Headers";

fn response_to_preflight(
    config: &str,
    origin: &[u8],
    upstream: Lines<'_>,
) -> (&'static str, Vec<String>) {
    let cors = cors(config);
    let request: Lines<'_> =
        &[(":method", b"OPTIONS"), ("origin", origin), ("access-control-request-method", b"PUT")];
    let Decision::Continue { carry, reason, .. } = decide(&cors, request) else {
        panic!("did not continue")
    };
    let mut head = headers(upstream);
    let mutations = cors.on_response(carry, &ResponseHead { headers: headers(upstream) });
    head.apply(&mutations);
    let mut lines: Vec<String> = head
        .lines()
        .map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    lines.sort();
    (reason, lines)
}

#[test]
fn upstream_decides_methods_and_headers_but_not_origin() {
    let (reason, lines) = response_to_preflight(FORWARDING, APP, UPSTREAM);
    assert_eq!(reason, "preflight_forwarded");
    assert_eq!(
        lines,
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: X-B",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.novasphere.io",
            "access-control-max-age: 7",
            VARY,
        ]
    );
    let (_, lines) = response_to_preflight(&FORWARDING.replace("true,", "false,"), APP, UPSTREAM);
    assert!(!lines.iter().any(|line| line.contains("credentials")), "{lines:?}");
}

#[test]
fn disallowed_origin_gets_only_vary() {
    let (reason, lines) = response_to_preflight(FORWARDING, b"https://evil.example", UPSTREAM);
    assert_eq!((reason, &lines[..]), ("preflight_refused", &[VARY.to_owned()][..]));
}

#[test]
fn upstream_can_refuse_an_allowed_origin() {
    let (_, lines) = response_to_preflight(FORWARDING, APP, &UPSTREAM[1..]);
    assert_eq!(lines, [VARY]);
    let (_, lines) = response_to_preflight(FORWARDING, APP, &[]);
    assert_eq!(
        lines,
        ["vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]
    );
}

#[test]
fn star_stays_a_star() {
    let (_, lines) = response_to_preflight(r#"{"preflight_continue": true}"#, b"null", UPSTREAM);
    assert!(lines.contains(&"access-control-allow-origin: *".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("credentials")), "{lines:?}");
}

/// Private Network Access, "CORS preflight". The upstream can allow it only if the configuration does.
#[test]
fn private_network_needs_configuration_and_upstream() {
    let upstream: Vec<_> =
        [UPSTREAM, &[("access-control-allow-private-network", &b"true"[..])]].concat();
    let is_allowed =
        |lines: &[String]| lines.iter().any(|line| line.contains("private-network: true"));
    let (_, lines) = response_to_preflight(FORWARDING, APP, &upstream);
    assert!(!is_allowed(&lines), "{lines:?}");
    let private = FORWARDING.replace('}', r#", "private_network": true}"#);
    let (_, lines) = response_to_preflight(&private, APP, &upstream);
    assert!(is_allowed(&lines), "{lines:?}");
    let vary = format!("{VARY}, Access-Control-Request-Private-Network");
    assert!(lines.contains(&vary), "{lines:?}");
    let (_, lines) = response_to_preflight(&private, APP, UPSTREAM);
    assert!(!is_allowed(&lines) && lines.contains(&vary), "{lines:?}");
}
