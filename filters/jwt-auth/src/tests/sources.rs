use super::*;

const ALL: &str = r#", "header_names": ["authorization", "X-Token"],
    "uri_param_names": ["token", "jwt"], "cookie_names": ["session"]"#;

fn go(lines: &[(&str, &str)]) -> Outcome {
    run(&filter(ALL), lines)
}

fn decide(lines: &[(&str, &str)]) -> &'static str {
    go(lines).reason
}

#[test]
fn finds_token_in_every_source() {
    let t = token("");
    for (name, value) in [
        ("authorization", format!("Bearer {t}")),
        ("Authorization", format!("bearer {t}")),
        ("authorization", format!("BEARER   {t}  ")),
        ("x-token", format!("Bearer {t}")),
        ("x-token", format!("bearer {t}")),
        ("x-token", t.clone()),
        ("x-token", format!(" {t}\t")),
        ("cookie", format!("session={t}")),
        ("cookie", format!("a=b; session=\"{t}\" ; session=")),
        (":path", format!("/?token={t}")),
        (":path", format!("/?a&jwt={t}&jwt={t}")),
        (":path", format!("/?%74oken={}", t.replace('.', "%2E"))),
    ] {
        assert_eq!(decide(&[(name, &value)]), "allowed", "{name}: {value}");
    }
}

#[test]
fn ignores_text_that_is_not_a_bearer_token() {
    let t = token("");
    for (name, value) in [
        (":path", "/".to_owned()),
        (":path", "/?token=&jwt".to_owned()),
        (":path", format!("/?Token={t}")),
        (":path", format!("/token={t}")),
        ("authorization", String::new()),
        ("authorization", t.clone()),
        ("authorization", "Bearer".to_owned()),
        ("authorization", "Bearer ".to_owned()),
        ("authorization", "Basic dXNlcjpwYXNz".to_owned()),
        ("authorization", format!("Basic Bearer {t}")),
        ("authorization", format!("xBearer {t}")),
        ("authorization", format!("Bearer{t}")),
        ("x-tokens", format!("Bearer {t}")),
        ("x-token", String::new()),
        ("x-token", "Bearer".to_owned()),
        ("x-token", "bearer  ".to_owned()),
        ("x-token", format!("JWT {t}")),
        ("x-token", format!("{t} x")),
        ("cookie", format!("Session={t}")),
        ("cookie", format!("xsession={t}")),
        ("cookie", "session=; session".to_owned()),
    ] {
        let outcome = go(&[(name, &value)]);
        assert_eq!(outcome.reason, "no_token", "{name}: {value}");
        assert_eq!(outcome.response, Some((401, "Bearer".to_owned())));
    }
}

#[test]
fn accepts_one_token_in_several_sources_and_refuses_two_tokens() {
    let (a, b) = (token(""), token(r#", "n": 2"#));
    let in_header = format!("Bearer {a}");
    for (name, value, expected) in [
        (":path", format!("/?token={a}"), "allowed"),
        (":path", format!("/?token={b}"), "multiple_tokens"),
        (":path", format!("/?token={a}&token={b}"), "multiple_tokens"),
        (":path", "/?token=x".to_owned(), "multiple_tokens"),
        ("cookie", format!("session={a}; session={a}"), "allowed"),
        ("cookie", format!("session={a}; session={b}"), "multiple_tokens"),
        ("x-token", format!("Bearer {a}"), "allowed"),
        ("x-token", format!("Bearer {b}"), "multiple_tokens"),
        ("x-token", b.clone(), "multiple_tokens"),
        ("x-token", a.clone(), "allowed"),
        ("x-token", "Basic x".to_owned(), "allowed"),
    ] {
        let outcome = go(&[("authorization", &in_header), (name, &value)]);
        assert_eq!(outcome.reason, expected, "{name}: {value}");
    }
    let cookies = [format!("session={a}"), format!("session={b}")];
    assert_eq!(
        decide(&[("cookie", &cookies[0]), ("cookie", &cookies[1])]),
        "multiple_tokens",
        "HTTP/2 splits cookies"
    );
}

#[test]
fn refuses_token_header_on_two_lines() {
    let (a, basic) = (format!("Bearer {}", token("")), "Basic dXNlcjpwYXNz");
    for second in [&*a, basic, ""] {
        let outcome = go(&[("authorization", &a), ("Authorization", second)]);
        assert_eq!(outcome.reason, "repeated_header");
        assert_eq!(outcome.response, Some((401, r#"Bearer error="invalid_token""#.to_owned())));
    }
    assert_eq!(decide(&[("x-token", &a), ("x-token", &a)]), "repeated_header");
}

#[test]
fn token_parameters_never_reach_the_upstream() {
    let header = format!("Bearer {}", token(""));
    for (path, expected) in [
        (format!("/a/%2F?x=%20&token={}&y", token("")), "/a/%2F?x=%20&y"),
        ("/a?jwt=&b".to_owned(), "/a?b"),
        ("/a?b=token".to_owned(), "/a?b=token"),
    ] {
        let expected = format!(":path: {expected}");
        let outcome = go(&[(":path", &path), ("authorization", &header)]);
        assert!(outcome.lines.contains(&expected), "{:?}", outcome.lines);
        let refused = go(&[(":path", &path), ("authorization", "Bearer x")]);
        assert!(refused.response.is_some());
        assert!(refused.lines.contains(&expected), "{:?}", refused.lines);
    }
}

const HIDDEN: &str = r#", "forward_token": false, "header_names": ["authorization", "X-Token"],
    "uri_param_names": ["token"], "cookie_names": ["session", "other"]"#;

#[test]
fn removes_unforwarded_token_from_every_source() {
    let filter = filter(HIDDEN);
    let t = token("");
    let header = format!("Bearer {t}");
    let rest = |lines: &[(&str, &str)]| {
        let mut lines = run(&filter, lines).lines;
        lines.retain(|line| !line.starts_with("x-credential"));
        lines
    };
    assert_eq!(rest(&[("Authorization", &header), ("x-token", &header)]), [""; 0]);
    assert_eq!(
        rest(&[("authorization", "Basic x"), ("x-token", &header)]),
        ["authorization: Basic x"],
        "no token"
    );
    for (cookies, expected) in [
        (vec![format!("session={t}")], vec![]),
        (vec![format!("a=b; session={t};c=\"d\" ;; e")], vec!["cookie: a=b; c=\"d\"; e"]),
        (
            vec![format!("session=\"{t}\"; sessions=x; xsession=y")],
            vec!["cookie: sessions=x; xsession=y"],
        ),
        (vec!["a=b".into(), format!("session={t}"), "c=d".into()], vec!["cookie: a=b; c=d"]),
        (vec![format!("session={t}; other=")], vec![]),
    ] {
        let lines: Vec<_> = cookies.iter().map(|cookie| ("cookie", &**cookie)).collect();
        assert_eq!(rest(&lines), expected, "{cookies:?}");
    }
    let refused = run(&filter, &[("authorization", "Bearer x"), ("cookie", "session=x; a=b")]);
    assert_eq!(refused.lines, ["cookie: a=b"], "in the log of a refusal neither");
}

#[test]
fn keeps_other_cookies_and_headers() {
    let cookies = [("cookie", "a=b;c"), ("cookie", "d"), ("x-token", "Basic x")];
    let outcome = run(&filter(HIDDEN), &cookies);
    assert_eq!(outcome.mutations, 0);
    let t = format!("session={}", token(""));
    let outcome = run(&filter(ALL), &[("cookie", &t)]);
    assert_eq!(outcome.lines[0], format!("cookie: {t}"), "forwarded by default");
}

const WEBSOCKET: &str = r#", "websocket_protocols": ["bearer.", "bearer.b64."]"#;

/// The request's subprotocol lines after the mutations.
fn subprotocols(filter: &JwtAuth, lines: &[&str]) -> (&'static str, Vec<String>) {
    let lines: Vec<_> = lines.iter().map(|line| ("Sec-WebSocket-Protocol", *line)).collect();
    let mut outcome = run(filter, &lines);
    outcome.lines.retain(|line| line.to_ascii_lowercase().starts_with("sec-"));
    (outcome.reason, outcome.lines)
}

#[test]
fn reads_token_from_subprotocol_and_removes_it() {
    let filter = filter(WEBSOCKET);
    let (a, b) = (base64url(token("")), base64url(token(r#", "n": 2"#)));
    let (item, other) = (format!("bearer.{a}"), format!("bearer.{b}"));
    let v1 = "sec-websocket-protocol: v1";
    for (lines, reason, expected) in [
        (vec![item.clone()], "allowed", vec![]),
        (vec![format!("bearer.b64.{a}")], "allowed", vec![]),
        (vec![format!("v1, {item}")], "allowed", vec![v1]),
        (
            vec![format!("{item} ,v2,,\t"), "v1".to_owned()],
            "allowed",
            vec!["sec-websocket-protocol: v2, v1"],
        ),
        (vec![format!("v1,{item}"), format!("bearer.b64.{a}")], "allowed", vec![v1]),
        (vec![format!("v1, {item}, {other}")], "multiple_tokens", vec![v1]),
        (vec![item.clone(), other], "multiple_tokens", vec![]),
        (vec!["bearer., v1".to_owned()], "no_token", vec![v1]),
        (vec![format!("v1, {item}=")], "malformed_token", vec![v1]),
        (vec![format!("v1, {item}.x")], "malformed_token", vec![v1]),
        (vec![format!("v1, bearer.{}", token(""))], "malformed_token", vec![v1]),
        (vec!["v1, bearer.+/8".to_owned()], "malformed_token", vec![v1]),
        (vec!["v1, bearer.eB".to_owned()], "malformed_token", vec![v1]),
        (vec!["v1, bearer.eA".to_owned()], "malformed_token", vec![v1]),
    ] {
        let lines: Vec<&str> = lines.iter().map(|line| &**line).collect();
        let (found, rest) = subprotocols(&filter, &lines);
        assert_eq!(
            (found, rest.iter().map(|line| &**line).collect()),
            (reason, expected),
            "{lines:?}"
        );
    }
    let in_header = format!("Bearer {}", token(""));
    for (item, expected) in [(item, "allowed"), (format!("bearer.{b}"), "multiple_tokens")] {
        let lines = [("authorization", &*in_header), ("sec-websocket-protocol", &item)];
        assert_eq!(run(&filter, &lines).reason, expected, "{item}");
    }
}

#[test]
fn keeps_subprotocols_without_token() {
    let item = format!("bearer.{}", base64url(token("")));
    for (more, line) in [
        (WEBSOCKET, "v1,v2 ,, v3"),
        (WEBSOCKET, &*item.replace("bearer", "Bearer")),
        (WEBSOCKET, &format!("x{item}")),
        (WEBSOCKET, "bearer"),
        ("", &item),
    ] {
        let outcome = run(&filter(more), &[("sec-websocket-protocol", line)]);
        assert_eq!((outcome.reason, outcome.mutations), ("no_token", 0), "{line}");
    }
}

#[test]
fn removes_subprotocol_with_token_from_every_passed_request() {
    let item = format!("v1, bearer.{}", base64url(token("")));
    for (more, line, reason) in [
        (r#", "optional": true"#, "v1, bearer.", "optional"),
        (r#", "skip": [{"path_prefix": "/"}]"#, &*item, "skipped"),
        (r#", "anonymous": {"username": "guest"}"#, "v1, bearer.x", "anonymous"),
        (r#", "report_only": true"#, "v1, bearer.x", "malformed_token"),
        (r#", "forward_token": true"#, &item, "allowed"),
    ] {
        let filter = filter(&format!("{WEBSOCKET}{more}"));
        let outcome = run(&filter, &[(":path", "/a"), ("sec-websocket-protocol", line)]);
        assert_eq!((outcome.reason, outcome.response), (reason, None), "{more}");
        let expected = "sec-websocket-protocol: v1".to_owned();
        assert!(outcome.lines.contains(&expected), "{more}: {:?}", outcome.lines);
    }
}
