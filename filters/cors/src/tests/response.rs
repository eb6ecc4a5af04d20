use super::*;

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
    assert_eq!(mutations(&cors, &[("origin", APP)], answer), []);
    assert_eq!(mutations(&self::cors("{}"), &[], &[("access-control-allow-origin", b"*")]), []);
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
