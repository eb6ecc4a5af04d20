//! `block_disallowed`.

use super::*;

const BLOCKING: &str = r#"{"origins": ["https://app.novasphere.io"], "block_disallowed": true}"#;

const EVIL: &[u8] = b"https://evil.example";

/// The decision about a request to https://api.novasphere.io.
fn reason(config: &str, method: &[u8], origin: Option<&[u8]>, more: Lines<'_>) -> &'static str {
    let mut lines: Vec<(&str, &[u8])> = vec![
        (":authority", b"api.novasphere.io"),
        (":path", b"/api/v1/wukongs"),
        (":method", method),
        (":scheme", b"https"),
    ];
    lines.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    lines.extend(origin.map(|origin| ("origin", origin)));
    lines.extend_from_slice(more);
    match decide(&cors(config), &lines) {
        Decision::Respond { response, reason, .. } => {
            assert_eq!(response.status, 403);
            assert_eq!(
                header_lines(&response),
                ["vary: Origin", "content-type: application/json; charset=utf-8"]
            );
            assert_eq!(&*response.body, br#"{"message":"Origin not allowed"}"#);
            reason
        }
        Decision::Continue { reason, .. } => reason,
        Decision::Pause { .. } | Decision::Call(_) => panic!("neither continued nor responded"),
    }
}

#[test]
fn blocks_unsafe_methods_from_disallowed_origins() {
    for method in [&b"POST"[..], b"PUT", b"PATCH", b"DELETE", b"CONNECT", b"LOCK", b"get", b""] {
        assert_eq!(reason(BLOCKING, method, Some(EVIL), &[]), "blocked", "{method:?}");
        assert_eq!(reason(BLOCKING, method, Some(APP), &[]), "allowed", "{method:?}");
        assert_eq!(reason(BLOCKING, method, None, &[]), "no_origin", "{method:?}");
    }
    for method in [&b"GET"[..], b"HEAD", b"OPTIONS", b"TRACE"] {
        assert_eq!(reason(BLOCKING, method, Some(EVIL), &[]), "not_allowed", "{method:?}");
    }
}

#[test]
fn blocks_websockets_from_disallowed_origins() {
    let upgrade: Lines<'_> = &[("connection", b"Upgrade"), ("upgrade", b"websocket")];
    assert_eq!(reason(BLOCKING, b"GET", Some(EVIL), upgrade), "blocked");
    assert_eq!(reason(BLOCKING, b"GET", Some(b"null"), upgrade), "blocked");
    assert_eq!(reason(BLOCKING, b"GET", Some(APP), upgrade), "allowed");
    assert_eq!(reason(BLOCKING, b"GET", None, upgrade), "no_origin");
    let connect: Lines<'_> = &[(":protocol", b"websocket")];
    assert_eq!(reason(BLOCKING, b"CONNECT", Some(EVIL), connect), "blocked");
    assert_eq!(reason(BLOCKING, b"GET", Some(EVIL), connect), "blocked");
    assert_eq!(reason(BLOCKING, b"CONNECT", Some(APP), connect), "allowed");
}

#[test]
fn malformed_origins_count_as_disallowed() {
    for origin in [&b""[..], b"null", b"\xff", b"https://app.novasphere.io, https://evil.example"] {
        assert_eq!(reason(BLOCKING, b"POST", Some(origin), &[]), "blocked", "{origin:?}");
    }
    assert_eq!(reason(BLOCKING, b"POST", Some(APP), &[("origin", APP)]), "blocked");
}

#[test]
fn same_origin_requests_pass() {
    let post = |origin: &[u8], more: Lines<'_>| reason(BLOCKING, b"POST", Some(origin), more);
    for origin in [&b"https://api.novasphere.io"[..], b"https://api.novasphere.io:443"] {
        assert_eq!(post(origin, &[]), "same_origin");
        assert_eq!(post(origin, &[(":authority", b"API.Novasphere.io:443")]), "same_origin");
        // TLS may end before the proxy.
        assert_eq!(post(origin, &[(":scheme", b"http")]), "same_origin");
        assert_eq!(post(origin, &[(":authority", b"api.novasphere.io:8443")]), "blocked");
        assert_eq!(post(origin, &[(":authority", b"novasphere.io")]), "blocked");
        assert_eq!(post(origin, &[(":authority", b"api.novasphere.io@x")]), "blocked");
        assert_eq!(post(origin, &[(":authority", b"")]), "blocked");
        assert_eq!(post(origin, &[(":authority", b"\xff")]), "blocked");
    }
    assert_eq!(post(b"http://api.novasphere.io", &[]), "blocked");
    assert_eq!(post(b"http://api.novasphere.io", &[(":scheme", b"http")]), "same_origin");
    let ported: Lines<'_> = &[(":scheme", b"http"), (":authority", b"[::1]:8000")];
    assert_eq!(post(b"http://[0::1]:8000", ported), "same_origin");
    assert_eq!(post(b"http://[::1]:8001", ported), "blocked");
    // `:authority` takes precedence over `Host`.
    let host: Lines<'_> = &[("host", b"api.novasphere.io"), (":authority", b"x")];
    assert_eq!(post(b"https://api.novasphere.io", host), "blocked");
}

#[test]
fn blocks_nothing_by_default() {
    let config = r#"{"origins": ["https://app.novasphere.io"]}"#;
    assert_eq!(reason(config, b"POST", Some(EVIL), &[]), "not_allowed");
    let same = reason(config, b"POST", Some(b"https://api.novasphere.io"), &[]);
    assert_eq!(same, "same_origin");
}
