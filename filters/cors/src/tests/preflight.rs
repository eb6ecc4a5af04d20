use super::*;

#[test]
fn preflight_from_allowed_origin_gets_all_headers() {
    let cors = cors(NOVASPHERE);
    assert_eq!(
        header_lines(&preflight(&cors, APP, &[])),
        [
            "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            "access-control-allow-origin: https://app.novasphere.io",
            "access-control-allow-credentials: true",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-headers: Authorization, X-Client-Type",
            "access-control-max-age: 3600",
        ]
    );
}

#[test]
fn preflight_from_disallowed_origin_gets_only_vary() {
    assert_eq!(
        header_lines(&preflight(&cors(NOVASPHERE), b"https://evil.com", &[])),
        ["vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers"]
    );
}

#[test]
fn echoes_requested_headers_without_a_list() {
    let cors = cors(r#"{"origins": ["https://app.novasphere.io"]}"#);
    let allowed = |lines: &[&[u8]]| {
        let more: Vec<_> = lines.iter().map(|l| ("access-control-request-headers", *l)).collect();
        let lines = header_lines(&preflight(&cors, APP, &more));
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
fn wildcard_headers_name_authorization() {
    let allowed = |config: &str| {
        let lines = header_lines(&preflight(&cors(config), APP, &[]));
        let value =
            lines.iter().find_map(|line| line.strip_prefix("access-control-allow-headers: "));
        value.unwrap_or_default().to_owned()
    };
    assert_eq!(allowed(r#"{"headers": ["*"]}"#), "*, Authorization");
    assert_eq!(allowed(r#"{"headers": ["authorization", "*"]}"#), "authorization, *");
    assert_eq!(allowed(r#"{"headers": ["X-A"]}"#), "X-A");
    let inherited =
        r#"{"policies": [{"origins": ["https://app.novasphere.io"]}], "headers": ["*"]}"#;
    assert_eq!(allowed(inherited), "*, Authorization");
}

#[test]
fn empty_header_list_allows_none() {
    let cors = cors(r#"{"headers": []}"#);
    let response = preflight(&cors, APP, &[("access-control-request-headers", b"x-a")]);
    assert!(!header_lines(&response).iter().any(|l| l.starts_with("access-control-allow-headers")));
}

#[test]
fn other_options_requests_continue() {
    let cors = cors(NOVASPHERE);
    for lines in [
        &[(":method", &b"OPTIONS"[..]), ("origin", APP)][..],
        &[(":method", b"OPTIONS"), ("access-control-request-method", b"PUT")],
        &[(":method", b"options"), ("origin", APP), ("access-control-request-method", b"PUT")],
        &[(":method", b"GET"), ("origin", APP), ("access-control-request-method", b"PUT")],
    ] {
        assert!(matches!(decide(&cors, lines), Decision::Continue { .. }), "{lines:?}");
    }
}

#[test]
fn decision_names_the_outcome() {
    let reason = |config: &str, origin: Option<&[u8]>, method: &[u8]| {
        let mut lines = vec![(":method", method), ("access-control-request-method", b"PUT")];
        lines.extend(origin.map(|origin| ("origin", origin)));
        match decide(&cors(config), &lines) {
            Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
            Decision::Pause { .. } | Decision::Call(_) => panic!("neither continued nor responded"),
        }
    };
    assert_eq!(reason(NOVASPHERE, Some(APP), b"OPTIONS"), "preflight_allowed");
    assert_eq!(reason(NOVASPHERE, Some(b"null"), b"OPTIONS"), "preflight_refused");
    assert_eq!(reason(NOVASPHERE, Some(APP), b"GET"), "allowed");
    assert_eq!(reason(NOVASPHERE, Some(b"null"), b"GET"), "not_allowed");
    assert_eq!(reason(NOVASPHERE, None, b"OPTIONS"), "no_origin");
    assert_eq!(reason("{}", None, b"GET"), "no_origin");
    assert_eq!(reason("{}", Some(b"null"), b"GET"), "allowed");
}

/// The response has the complete lists in any case; only the decision differs.
#[test]
fn checks_requested_method_and_headers_against_the_lists() {
    let reason = |config: &str, method: &[u8], headers: &[&[u8]]| {
        let mut lines = vec![
            (":method", &b"OPTIONS"[..]),
            ("origin", APP),
            ("access-control-request-method", method),
        ];
        lines.extend(headers.iter().map(|line| ("access-control-request-headers", *line)));
        match decide(&cors(config), &lines) {
            Decision::Respond { reason, .. } => reason,
            _ => panic!("did not respond"),
        }
    };
    let listed = r#"{"origins": ["https://app.novasphere.io"], "methods": ["PUT"],
        "headers": ["Authorization", "X-A"]}"#;
    for method in [&b"PUT"[..], b"GET", b"HEAD", b"POST"] {
        assert_eq!(reason(listed, method, &[]), "preflight_allowed");
    }
    for method in [&b"DELETE"[..], b"put", b"*", b"", b"\xff"] {
        assert_eq!(reason(listed, method, &[]), "preflight_method");
    }
    let names = |lines: &[&[u8]]| reason(listed, b"PUT", lines);
    assert_eq!(names(&[b"authorization,x-a"]), "preflight_allowed");
    assert_eq!(names(&[b"AUTHORIZATION", b" X-A ,, "]), "preflight_allowed");
    assert_eq!(names(&[b"x-a", b"x-b"]), "preflight_headers");
    assert_eq!(names(&[b"x-a x-a"]), "preflight_headers");
    assert_eq!(names(&[&b"x-a,".repeat(65)]), "preflight_headers");
    assert_eq!(names(&[&b"x-a,".repeat(64)]), "preflight_allowed");
    let wild = r#"{"methods": ["*"], "headers": ["*"]}"#;
    assert_eq!(reason(wild, b"ANY", &[b"x-any"]), "preflight_allowed");
    assert_eq!(reason(wild, b"ANY", &[b"authorization"]), "preflight_allowed");
    assert_eq!(reason("{}", b"PURGE", &[b"x-any"]), "preflight_method");
}

#[test]
fn allows_private_network_if_requested() {
    let cors = cors(
        r#"{"policies": [{"origins": ["https://app.novasphere.io"], "private_network": true}],
            "origins": ["https://b.example"]}"#,
    );
    let is_allowed = |origin: &[u8], value: &[u8]| {
        let more: Lines<'_> = &[("access-control-request-private-network", value)];
        let lines = header_lines(&preflight(&cors, origin, more));
        assert_eq!(
            lines[0],
            "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
             Access-Control-Request-Private-Network"
        );
        lines.contains(&"access-control-allow-private-network: true".to_owned())
    };
    assert!(is_allowed(APP, b"true"));
    assert!(!is_allowed(APP, b"TRUE") && !is_allowed(APP, b"") && !is_allowed(APP, b"1"));
    assert!(
        !is_allowed(b"https://b.example", b"true") && !is_allowed(b"https://c.example", b"true")
    );
    assert_eq!(header_lines(&preflight(&cors, APP, &[])).len(), 3);
}

#[test]
fn preflight_status_can_be_200() {
    let cors = cors(r#"{"preflight_status": 200}"#);
    let lines: Lines<'_> =
        &[(":method", b"OPTIONS"), ("origin", APP), ("access-control-request-method", b"PUT")];
    let Decision::Respond { response, .. } = decide(&cors, lines) else {
        panic!("did not respond")
    };
    assert_eq!((response.status, &*response.body), (200, &b""[..]));
}
