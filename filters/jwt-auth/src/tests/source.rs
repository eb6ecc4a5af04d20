use super::*;

const ALL: &str = r#", "header_names": ["authorization", "X-Token"],
    "uri_param_names": ["token", "jwt"], "cookie_names": ["session"]"#;

fn go(lines: &[(&str, &str)]) -> Outcome {
    run(&policy(ALL), lines)
}

fn decide(lines: &[(&str, &str)]) -> &'static str {
    go(lines).decision
}

#[test]
fn a_token_is_found_in_every_place() {
    let t = token("");
    for (name, value) in [
        ("authorization", format!("Bearer {t}")),
        ("Authorization", format!("bearer {t}")),
        ("authorization", format!("BEARER   {t}  ")),
        ("x-token", format!("Bearer {t}")),
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
fn what_is_no_bearer_token_is_none() {
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
        ("cookie", format!("Session={t}")),
        ("cookie", format!("xsession={t}")),
        ("cookie", "session=; session".to_owned()),
    ] {
        let outcome = go(&[(name, &value)]);
        assert_eq!(outcome.decision, "no_token", "{name}: {value}");
        assert_eq!(outcome.reply, Some((401, "Bearer".to_owned())));
    }
}

#[test]
fn one_token_in_several_places_is_one_and_two_are_refused() {
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
        ("x-token", "Basic x".to_owned(), "allowed"),
    ] {
        let outcome = go(&[("authorization", &in_header), (name, &value)]);
        assert_eq!(outcome.decision, expected, "{name}: {value}");
    }
    let cookies = [format!("session={a}"), format!("session={b}")];
    assert_eq!(
        decide(&[("cookie", &cookies[0]), ("cookie", &cookies[1])]),
        "multiple_tokens",
        "HTTP/2 splits cookies"
    );
}

#[test]
fn a_token_header_on_two_lines_is_refused() {
    let (a, basic) = (format!("Bearer {}", token("")), "Basic dXNlcjpwYXNz");
    for second in [&*a, basic, ""] {
        let outcome = go(&[("authorization", &a), ("Authorization", second)]);
        assert_eq!(outcome.decision, "repeated_header");
        assert_eq!(outcome.reply, Some((401, r#"Bearer error="invalid_token""#.to_owned())));
    }
    assert_eq!(decide(&[("x-token", &a), ("x-token", &a)]), "repeated_header");
}

#[test]
fn token_parameters_never_reach_the_upstream() {
    let header = format!("Bearer {}", token(""));
    for (path, kept) in [
        (format!("/a/%2F?x=%20&token={}&y", token("")), "/a/%2F?x=%20&y"),
        ("/a?jwt=&b".to_owned(), "/a?b"),
        ("/a?b=token".to_owned(), "/a?b=token"),
    ] {
        let kept = format!(":path: {kept}");
        let outcome = go(&[(":path", &path), ("authorization", &header)]);
        assert!(outcome.lines.contains(&kept), "{:?}", outcome.lines);
        let refused = go(&[(":path", &path), ("authorization", "Bearer x")]);
        assert!(refused.reply.is_some());
        assert!(refused.lines.contains(&kept), "{:?}", refused.lines);
    }
}

const HIDDEN: &str = r#", "forward_token": false, "header_names": ["authorization", "X-Token"],
    "uri_param_names": ["token"], "cookie_names": ["session", "other"]"#;

#[test]
fn a_token_that_is_not_forwarded_is_removed_everywhere() {
    let policy = policy(HIDDEN);
    let t = token("");
    let header = format!("Bearer {t}");
    let rest = |lines: &[(&str, &str)]| {
        let mut lines = run(&policy, lines).lines;
        lines.retain(|line| !line.starts_with("x-credential"));
        lines
    };
    assert_eq!(rest(&[("Authorization", &header), ("x-token", &header)]), [""; 0]);
    assert_eq!(
        rest(&[("authorization", "Basic x"), ("x-token", &header)]),
        ["authorization: Basic x"],
        "no token"
    );
    for (cookies, kept) in [
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
        assert_eq!(rest(&lines), kept, "{cookies:?}");
    }
    let refused = run(&policy, &[("authorization", "Bearer x"), ("cookie", "session=x; a=b")]);
    assert_eq!(refused.lines, ["cookie: a=b"], "in the log of a refusal neither");
}

#[test]
fn other_cookies_and_headers_are_not_touched() {
    let cookies = [("cookie", "a=b;c"), ("cookie", "d"), ("x-token", "Basic x")];
    let outcome = run(&policy(HIDDEN), &cookies);
    assert_eq!(outcome.edits, 0);
    let t = format!("session={}", token(""));
    let outcome = run(&policy(ALL), &[("cookie", &t)]);
    assert_eq!(outcome.lines[0], format!("cookie: {t}"), "forwarded by default");
}
