use super::*;

#[test]
fn allowed_origin_gets_each_header_once() {
    let cors = cors(NOVASPHERE);
    let expected = [
        "access-control-allow-origin: https://app.novasphere.io",
        "access-control-allow-credentials: true",
        "access-control-expose-headers: X-Auth-Token",
        "vary: Origin",
    ];
    assert_eq!(response(&cors, &[("origin", APP)], &[]), expected);
    let upstream: Lines<'_> = &[
        ("Access-Control-Allow-Origin", b"*"),
        ("access-control-allow-origin", b"https://evil.com"),
        ("access-control-allow-credentials", b"false"),
        ("access-control-expose-headers", b"x-a"),
        ("access-control-allow-methods", b"*"),
        ("access-control-allow-headers", b"*"),
        ("access-control-max-age", b"1"),
        ("access-control-allow-private-network", b"true"),
    ];
    assert_eq!(response(&cors, &[("origin", APP)], upstream), expected);
}

#[test]
fn correct_headers_are_not_changed() {
    let cors = cors(NOVASPHERE);
    let upstream: Lines<'_> = &[
        ("access-control-allow-origin", APP),
        ("access-control-allow-credentials", b"true"),
        ("access-control-expose-headers", b"X-Auth-Token"),
        ("vary", b"Accept, origin"),
        ("content-type", b"text/plain"),
    ];
    assert_eq!(mutations(&cors, &[("origin", APP)], upstream), []);
    assert_eq!(mutations(&self::cors("{}"), &[], &[("access-control-allow-origin", b"*")]), []);
}

#[test]
fn removes_upstream_headers_for_disallowed_origins() {
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
fn star_response_is_the_same_for_every_request() {
    let cors = cors(r#"{"exposed_headers": ["X-Auth-Token"]}"#);
    let expected =
        ["access-control-allow-origin: *", "access-control-expose-headers: X-Auth-Token"];
    for request in [&[][..], &[("origin", APP)], &[("origin", b"\xff")], &[("origin", b"null")]] {
        assert_eq!(response(&cors, request, &[]), expected);
    }
    assert_eq!(
        response(&cors, &[], &[("vary", b"Accept"), ("access-control-allow-origin", APP)]),
        ["vary: Accept", expected[0], expected[1]]
    );
}

#[test]
fn vary_names_origin_once() {
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
    for expected in [&[&b"Accept"[..], b"a,ORIGIN"][..], &[b"*"], &[b"Accept, *"]] {
        assert_eq!(vary(expected).len(), expected.len());
    }
    assert_eq!(vary(&[b"a\x01,b"]), ["vary: b, Origin"]);
}
