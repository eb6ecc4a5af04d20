use novasphere_core::{
    Edit, Headers, Policy, Reply, RequestHead, ResponseHead, Step, testing::World,
};

use crate::Cors;

type Lines<'a> = &'a [(&'a str, &'a [u8])];

fn cors(config: &str) -> Cors {
    Cors::configure(config.as_bytes(), &World::default()).unwrap()
}

fn headers<'a>(lines: Lines<'a>) -> Headers<'a> {
    Headers::borrowed(lines.iter().map(|(n, v)| (n.as_bytes(), *v)))
}

fn decide<'p>(cors: &'p Cors, lines: Lines<'_>) -> Step<'p, crate::AllowOrigin> {
    let world = World::default();
    let step = cors.on_request(&RequestHead { headers: headers(lines) }, &mut (), &world.env());
    let (Step::Continue { decision, edits, .. } | Step::Reply { decision, edits, .. }) = &step
    else {
        panic!("waits")
    };
    assert!(Cors::DECISIONS.contains(decision) && edits.is_empty());
    step
}

/// The edits of the response to a request that went on.
fn edits<'p>(cors: &'p Cors, request: Lines<'_>, response: Lines<'_>) -> Vec<Edit<'p>> {
    let Step::Continue { carry, .. } = decide(cors, request) else { panic!("answered") };
    cors.on_response(carry, &ResponseHead { headers: headers(response) })
}

/// The lines of the response to a request that went on, `name: value` each.
fn response(cors: &Cors, request: Lines<'_>, response: Lines<'_>) -> Vec<String> {
    let mut result = headers(response);
    result.apply(edits(cors, request, response));
    let lines = result.lines();
    lines.map(|(n, v)| format!("{}: {}", n.escape_ascii(), v.escape_ascii())).collect()
}

/// Whether a request with this `Origin` is told its origin.
fn allows(cors: &Cors, origin: &[u8]) -> bool {
    let lines = response(cors, &[("origin", origin)], &[]);
    let told = format!("access-control-allow-origin: {}", origin.escape_ascii());
    assert!(lines.contains(&"vary: Origin".to_owned()));
    assert!(lines.contains(&told) || lines.len() == 1, "{lines:?}");
    lines.contains(&told)
}

fn preflight<'p>(cors: &'p Cors, origin: &[u8], more: Lines<'_>) -> Reply<'p> {
    let mut lines = vec![
        (":method", &b"OPTIONS"[..]),
        ("origin", origin),
        ("access-control-request-method", b"PUT"),
    ];
    lines.extend_from_slice(more);
    let Step::Reply { reply, .. } = decide(cors, &lines) else { panic!("went on") };
    assert_eq!((reply.status, &*reply.body), (204, &b""[..]));
    reply
}

fn told(reply: &Reply<'_>) -> Vec<String> {
    let lines = reply.headers.iter();
    lines.map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect()
}

const NOVASPHERE: &str = r#"{"origins": ["https://app.novasphere.io", "https://*.novasphere.io"],
    "methods": ["GET", "PUT"], "headers": ["Authorization", "X-Client-Type"],
    "exposed_headers": ["X-Auth-Token"], "credentials": true, "max_age": 3600}"#;

const APP: &[u8] = b"https://app.novasphere.io";

#[test]
fn origins_match_as_origins() {
    let cors = cors(
        r#"{"origins": ["HTTPS://App.Novasphere.io:443", "http://localhost:3000",
            "http://[0:0::1]:8080", "capacitor://localhost"]}"#,
    );
    for allowed in [
        "https://app.novasphere.io",
        "https://app.novasphere.io:443",
        "HTTPS://APP.NOVASPHERE.IO",
        "http://localhost:3000",
        "http://[::1]:8080",
        "capacitor://localhost",
    ] {
        assert!(allows(&cors, allowed.as_bytes()), "{allowed}");
    }
    for refused in [
        "http://app.novasphere.io",
        "https://app.novasphere.io:80",
        "https://app.novasphere.io:8443",
        "https://app.novasphere.io:0",
        "https://app.novasphere.io:",
        "https://app.novasphere.io:+443",
        "https://app.novasphere.io.",
        "https://app.novasphere.io.evil.com",
        "https://app.novasphere.io@evil.com",
        "https://app.novasphere.io/",
        "https://app.novasphere.io,https://app.novasphere.io",
        "https://app.novasphere.io ",
        "https://appxnovasphere.io",
        "https://x.app.novasphere.io",
        "http://localhost",
        "http://localhost:30000",
        "http://[::2]:8080",
        "http://[::1",
        "capacitor://localhost:80",
        "app.novasphere.io",
        "null",
        "*",
        "",
    ] {
        assert!(!allows(&cors, refused.as_bytes()), "{refused}");
    }
}

#[test]
fn a_wildcard_stands_for_labels_before_the_domain() {
    let cors =
        cors(r#"{"origins": ["https://*.novasphere.io", "http://*.Staging.novasphere.io:8080"]}"#);
    for allowed in [
        "https://app.novasphere.io",
        "https://a.b.c.novasphere.io",
        "https://APP.NovaSphere.IO:443",
        "http://a.staging.novasphere.io:8080",
    ] {
        assert!(allows(&cors, allowed.as_bytes()), "{allowed}");
    }
    for refused in [
        "https://novasphere.io",
        "https://.novasphere.io",
        "https://a..novasphere.io",
        "https://evilnovasphere.io",
        "https://novasphere.io.evil.com",
        "https://evil.com/.novasphere.io",
        "https://evil.com#.novasphere.io",
        "https://evil.com,https://a.novasphere.io",
        "https://evil.com\t.novasphere.io",
        "https://a.novasphere.io:8443",
        "http://a.novasphere.io",
        "http://a.staging.novasphere.io",
        "https://\u{e9}.novasphere.io",
        "null",
    ] {
        assert!(!allows(&cors, refused.as_bytes()), "{refused}");
    }
}

/// No byte slipped in anywhere makes a foreign origin of one that is allowed.
#[test]
fn every_byte_at_every_place_is_handled() {
    let cors = cors(r#"{"origins": ["https://*.novasphere.io"]}"#);
    for place in 0..=APP.len() {
        for byte in 0..=u8::MAX {
            let mut origin = APP.to_vec();
            origin.insert(place, byte);
            let host = &origin[origin.len().min(8)..];
            let expected = origin.starts_with(b"https://")
                && host.ends_with(b".novasphere.io")
                && !host.starts_with(b".")
                && !host.windows(2).any(|pair| pair == b"..")
                && host.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b));
            assert_eq!(allows(&cors, &origin), expected, "{}", origin.escape_ascii());
        }
    }
}

#[test]
fn null_is_allowed_by_name_only() {
    assert!(allows(&cors(r#"{"origins": ["null"]}"#), b"null"));
    assert!(!allows(&cors(r#"{"origins": ["null"]}"#), b"NULL"));
    assert!(!allows(&cors(r#"{"origins": ["*"], "reflect_any_origin": true}"#), b"null"));
    assert!(allows(&cors(r#"{"origins": ["*", "null"], "reflect_any_origin": true}"#), b"null"));
}

#[test]
fn a_reflected_origin_is_a_wellformed_one() {
    let cors = cors(r#"{"reflect_any_origin": true, "credentials": true}"#);
    assert!(allows_with_credentials(&cors, b"https://anything.example"));
    for refused in [&b"https://a.example,https://b.example"[..], b"x", b"https://\xe9.example"] {
        assert!(!allows_with_credentials(&cors, refused), "{}", refused.escape_ascii());
    }
}

fn allows_with_credentials(cors: &Cors, origin: &[u8]) -> bool {
    response(cors, &[("origin", origin)], &[])
        .contains(&"access-control-allow-credentials: true".to_owned())
}

#[test]
fn two_origin_lines_are_not_allowed() {
    let cors = cors(NOVASPHERE);
    assert_eq!(response(&cors, &[("origin", APP), ("Origin", APP)], &[]), ["vary: Origin"]);
    let reply = preflight(&cors, APP, &[("origin", APP)]);
    assert_eq!(reply.headers.len(), 1);
}

#[test]
fn a_preflight_from_an_allowed_origin_is_told_everything() {
    let cors = cors(NOVASPHERE);
    assert_eq!(
        told(&preflight(&cors, APP, &[])),
        [
            "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            "access-control-allow-origin: https://app.novasphere.io",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-headers: Authorization, X-Client-Type",
            "access-control-max-age: 3600",
            "access-control-allow-credentials: true",
        ]
    );
}

#[test]
fn a_preflight_from_elsewhere_is_told_nothing() {
    assert_eq!(
        told(&preflight(&cors(NOVASPHERE), b"https://evil.com", &[])),
        ["vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]
    );
}

#[test]
fn without_a_list_the_requested_headers_are_allowed() {
    let cors = cors(r#"{"origins": ["https://app.novasphere.io"]}"#);
    let allowed = |lines: &[&[u8]]| {
        let more: Vec<_> = lines.iter().map(|l| ("access-control-request-headers", *l)).collect();
        let lines = told(&preflight(&cors, APP, &more));
        lines
            .iter()
            .find_map(|l| l.strip_prefix("access-control-allow-headers: ").map(str::to_owned))
    };
    assert_eq!(allowed(&[]), None);
    assert_eq!(allowed(&[b""]), None);
    assert_eq!(allowed(&[b"authorization,x-a"]), Some("authorization, x-a".into()));
    assert_eq!(allowed(&[b"a, ,b", b"c"]), Some("a, b, c".into()));
    for bad in [&b"a b"[..], b"a\xe9", b"a\r\nset-cookie: b", b"a\0", b"a, \"b\"", b"a:b"] {
        assert_eq!(allowed(&[b"x", bad]), None, "{}", bad.escape_ascii());
    }
    assert_eq!(allowed(&[&[b'a'; 2048]]).map(|value| value.len()), Some(2048));
    assert_eq!(allowed(&[&[b'a'; 2049]]), None);
    assert_eq!(allowed(&[&b"a,".repeat(100_000)]), None);
}

#[test]
fn an_empty_list_allows_no_header() {
    let cors = cors(r#"{"headers": []}"#);
    let reply = preflight(&cors, APP, &[("access-control-request-headers", b"x-a")]);
    assert!(!told(&reply).iter().any(|l| l.starts_with("access-control-allow-headers")));
}

#[test]
fn other_options_requests_go_on() {
    let cors = cors(NOVASPHERE);
    for lines in [
        &[(":method", &b"OPTIONS"[..]), ("origin", APP)][..],
        &[(":method", b"OPTIONS"), ("access-control-request-method", b"PUT")],
        &[(":method", b"options"), ("origin", APP), ("access-control-request-method", b"PUT")],
        &[(":method", b"GET"), ("origin", APP), ("access-control-request-method", b"PUT")],
    ] {
        assert!(matches!(decide(&cors, lines), Step::Continue { .. }), "{lines:?}");
    }
}

#[test]
fn decisions_name_what_happened() {
    let decision = |config: &str, origin: Option<&[u8]>, method: &[u8]| {
        let mut lines = vec![(":method", method), ("access-control-request-method", b"PUT")];
        lines.extend(origin.map(|origin| ("origin", origin)));
        match decide(&cors(config), &lines) {
            Step::Continue { decision, .. } | Step::Reply { decision, .. } => decision,
            Step::Wait { .. } => panic!("waits"),
        }
    };
    assert_eq!(decision(NOVASPHERE, Some(APP), b"OPTIONS"), "preflight_allowed");
    assert_eq!(decision(NOVASPHERE, Some(b"null"), b"OPTIONS"), "preflight_refused");
    assert_eq!(decision(NOVASPHERE, Some(APP), b"GET"), "allowed");
    assert_eq!(decision(NOVASPHERE, Some(b"null"), b"GET"), "not_allowed");
    assert_eq!(decision(NOVASPHERE, None, b"OPTIONS"), "no_origin");
    assert_eq!(decision("{}", None, b"GET"), "no_origin");
    assert_eq!(decision("{}", Some(b"null"), b"GET"), "allowed");
}

#[test]
fn an_allowed_origin_is_told_so_once() {
    let cors = cors(NOVASPHERE);
    let right = [
        "access-control-allow-origin: https://app.novasphere.io",
        "access-control-allow-credentials: true",
        "access-control-expose-headers: X-Auth-Token",
        "vary: Origin",
    ];
    assert_eq!(response(&cors, &[("origin", APP)], &[]), right);
    let upstreams: Lines<'_> = &[
        ("Access-Control-Allow-Origin", b"*"),
        ("access-control-allow-origin", b"https://evil.com"),
        ("access-control-allow-credentials", b"false"),
        ("access-control-expose-headers", b"x-a"),
        ("access-control-allow-methods", b"*"),
        ("access-control-allow-headers", b"*"),
        ("access-control-max-age", b"1"),
        ("access-control-allow-private-network", b"true"),
    ];
    assert_eq!(response(&cors, &[("origin", APP)], upstreams), right);
}

#[test]
fn what_is_right_already_is_left_alone() {
    let cors = cors(NOVASPHERE);
    let answer: Lines<'_> = &[
        ("access-control-allow-origin", APP),
        ("access-control-allow-credentials", b"true"),
        ("access-control-expose-headers", b"X-Auth-Token"),
        ("vary", b"Accept, origin"),
        ("content-type", b"text/plain"),
    ];
    assert_eq!(edits(&cors, &[("origin", APP)], answer), []);
    assert_eq!(edits(&self::cors("{}"), &[], &[("access-control-allow-origin", b"*")]), []);
}

#[test]
fn without_an_allowed_origin_the_upstreams_word_is_taken_away() {
    let cors = cors(NOVASPHERE);
    let upstream: Lines<'_> = &[
        ("access-control-allow-origin", b"*"),
        ("access-control-allow-credentials", b"true"),
        ("access-control-expose-headers", b"x-a"),
        ("x-b", b"c"),
    ];
    for request in [&[][..], &[("origin", &b"https://evil.com"[..])], &[("origin", b"\xff")]] {
        assert_eq!(response(&cors, request, upstream), ["x-b: c", "vary: Origin"]);
    }
}

#[test]
fn everyone_gets_one_answer() {
    let cors = cors(r#"{"exposed_headers": ["X-Auth-Token"]}"#);
    let right = ["access-control-allow-origin: *", "access-control-expose-headers: X-Auth-Token"];
    for request in [&[][..], &[("origin", APP)], &[("origin", b"\xff")], &[("origin", b"null")]] {
        assert_eq!(response(&cors, request, &[]), right);
    }
    assert_eq!(
        response(&cors, &[], &[("vary", b"Accept"), ("access-control-allow-origin", APP)]),
        ["vary: Accept", right[0], right[1]]
    );
}

#[test]
fn vary_comes_to_name_origin_once() {
    let cors = cors(NOVASPHERE);
    let vary = |lines: &[&[u8]]| {
        let lines: Vec<_> = lines.iter().map(|line| ("Vary", *line)).collect();
        response(&cors, &[], &lines)
    };
    assert_eq!(vary(&[]), ["vary: Origin"]);
    assert_eq!(vary(&[b""]), ["vary: Origin"]);
    assert_eq!(vary(&[b"Accept"]), ["vary: Accept, Origin"]);
    assert_eq!(
        vary(&[b"Accept,Accept-Encoding", b" , Cookie"]),
        ["vary: Accept, Accept-Encoding, Cookie, Origin"]
    );
    assert_eq!(vary(&[b"X-Origin"]), ["vary: X-Origin, Origin"]);
    for right in [&[&b"Accept"[..], b"a,ORIGIN"][..], &[b"*"], &[b"Accept, *"]] {
        assert_eq!(vary(right).len(), right.len());
    }
    assert_eq!(vary(&[b"a\x01,b"]), ["vary: b, Origin"]);
}

#[test]
fn a_whole_top_level_domain_is_worth_a_warning() {
    let host = World::default();
    let config = br#"{"origins": ["https://*.com", "http://*.localhost", "https://*.a.com"]}"#;
    assert!(Cors::configure(config, &host).is_ok());
    assert_eq!(
        host.warnings.into_inner(),
        [r#"origins[0]: "https://*.com" trusts every site under .com"#]
    );
}

#[test]
fn faults_of_the_form_hide_what_follows_from_them() {
    let faults = |config: &str| {
        Cors::configure(config.as_bytes(), &World::default()).unwrap_err().to_string()
    };
    assert_eq!(
        faults(r#"{"origins": "https://app.novasphere.io", "credentials": true}"#),
        "origins: must be a list, not \"https://app.novasphere.io\""
    );
}
