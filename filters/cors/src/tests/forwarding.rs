//! `preflight_continue`: the upstream answers preflights.

use super::*;

const FORWARDING: &str = r#"{"origins": ["https://app.novasphere.io"], "credentials": true,
    "exposed_headers": ["X-A"], "preflight_continue": true}"#;

const ANSWER: Lines<'static> = &[
    ("access-control-allow-origin", b"*"),
    ("access-control-allow-credentials", b"true"),
    ("access-control-allow-methods", b"GET, PUT"),
    ("access-control-allow-headers", b"X-B"),
    ("access-control-max-age", b"7"),
    ("vary", b"Accept, origin"),
];

const VARY: &str =
    "vary: Accept, origin, Access-Control-Request-Method, Access-Control-Request-Headers";

fn answered(config: &str, origin: &[u8], answer: Lines<'_>) -> (&'static str, Vec<String>) {
    let cors = cors(config);
    let request: Lines<'_> =
        &[(":method", b"OPTIONS"), ("origin", origin), ("access-control-request-method", b"PUT")];
    let Decision::Continue { carry, reason, .. } = decide(&cors, request) else {
        panic!("answered here")
    };
    let mut head = headers(answer);
    head.apply(cors.on_response(carry, &ResponseHead { headers: headers(answer) }));
    let mut lines: Vec<String> = head
        .lines()
        .map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    lines.sort();
    (reason, lines)
}

#[test]
fn the_upstream_names_methods_and_headers_and_this_the_origin() {
    let (reason, lines) = answered(FORWARDING, APP, ANSWER);
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
    let (_, lines) = answered(&FORWARDING.replace("true,", "false,"), APP, ANSWER);
    assert!(!lines.iter().any(|line| line.contains("credentials")), "{lines:?}");
}

#[test]
fn an_origin_that_is_not_allowed_learns_nothing_of_the_upstreams_answer() {
    let (reason, lines) = answered(FORWARDING, b"https://evil.example", ANSWER);
    assert_eq!((reason, &lines[..]), ("preflight_refused", &[VARY.to_owned()][..]));
}

#[test]
fn an_upstream_that_refuses_is_not_overruled() {
    let (_, lines) = answered(FORWARDING, APP, &ANSWER[1..]);
    assert_eq!(lines, [VARY]);
    let (_, lines) = answered(FORWARDING, APP, &[]);
    assert_eq!(
        lines,
        ["vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]
    );
}

#[test]
fn a_star_stays_one() {
    let (_, lines) = answered(r#"{"preflight_continue": true}"#, b"null", ANSWER);
    assert!(lines.contains(&"access-control-allow-origin: *".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("credentials")), "{lines:?}");
}

/// Private Network Access, "CORS preflight": the upstream's word counts where it is allowed to.
#[test]
fn private_networks_are_for_the_configuration_to_allow() {
    let answer: Vec<_> =
        [ANSWER, &[("access-control-allow-private-network", &b"true"[..])]].concat();
    let says = |lines: &[String]| lines.iter().any(|line| line.contains("private-network: true"));
    let (_, lines) = answered(FORWARDING, APP, &answer);
    assert!(!says(&lines), "{lines:?}");
    let private = FORWARDING.replace('}', r#", "private_network": true}"#);
    let (_, lines) = answered(&private, APP, &answer);
    assert!(says(&lines), "{lines:?}");
    let vary = format!("{VARY}, Access-Control-Request-Private-Network");
    assert!(lines.contains(&vary), "{lines:?}");
    let (_, lines) = answered(&private, APP, ANSWER);
    assert!(!says(&lines) && lines.contains(&vary), "{lines:?}");
}
