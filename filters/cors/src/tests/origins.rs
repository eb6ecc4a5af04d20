use super::*;

#[test]
fn compares_scheme_host_and_port() {
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
fn wildcard_matches_labels_before_the_domain() {
    let cors =
        cors(r#"{"origins": ["https://**.novasphere.io", "http://*.Staging.novasphere.io:8080"]}"#);
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
        "http://a.b.staging.novasphere.io:8080",
        "https://\u{e9}.novasphere.io",
        "null",
    ] {
        assert!(!allows(&cors, refused.as_bytes()), "{refused}");
    }
}

#[test]
fn no_inserted_byte_changes_the_domain() {
    let cors = cors(r#"{"origins": ["https://**.novasphere.io"]}"#);
    for index in 0..=APP.len() {
        for byte in 0..=u8::MAX {
            let mut origin = APP.to_vec();
            origin.insert(index, byte);
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
fn null_needs_its_own_entry() {
    assert!(allows(&cors(r#"{"origins": ["null"]}"#), b"null"));
    assert!(!allows(&cors(r#"{"origins": ["null"]}"#), b"NULL"));
    assert!(!allows(&cors(r#"{"origins": ["*"], "reflect_any_origin": true}"#), b"null"));
    assert!(allows(&cors(r#"{"origins": ["*", "null"], "reflect_any_origin": true}"#), b"null"));
}

#[test]
fn reflects_only_well_formed_origins() {
    let cors = cors(r#"{"reflect_any_origin": true, "credentials": true}"#);
    assert!(allows_with_credentials(&cors, b"https://anything.example"));
    for refused in [&b"https://a.example,https://b.example"[..], b"x", b"https://\xe9.example"] {
        assert!(!allows_with_credentials(&cors, refused), "{}", refused.escape_ascii());
    }
}

#[test]
fn rejects_two_origin_lines() {
    let cors = cors(NOVASPHERE);
    assert_eq!(response(&cors, &[("origin", APP), ("Origin", APP)], &[]), ["vary: Origin"]);
    let response = preflight(&cors, APP, &[("origin", APP)]);
    assert_eq!(response.headers.len(), 1);
}

#[test]
fn patterns_match_in_linear_time() {
    let cors = cors(r#"{"origins": ["~https://(a|a)*(a*)*(a|b)*\\.x"]}"#);
    for length in [250, 290, 60_000] {
        assert!(!allows(&cors, format!("https://{}", "a".repeat(length)).as_bytes()));
    }
    assert!(allows(&cors, format!("https://{}.x", "a".repeat(250)).as_bytes()));
    assert!(!allows(&cors, format!("https://{}.x", "a".repeat(300)).as_bytes()));
}
