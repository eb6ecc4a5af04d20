//! Faults and warnings of a configuration.

use super::*;

#[test]
fn warns_about_whole_top_level_domains() {
    let host = TestHost::default();
    let config = br#"{"origins": ["https://*.com", "http://*.localhost", "https://*.a.com"]}"#;
    assert!(Cors::from_json(config, &host).is_ok());
    assert_eq!(
        host.warnings.into_inner(),
        [r#"origins[0]: "https://*.com" trusts every site under .com"#]
    );
}

#[test]
fn wrong_type_hides_follow_up_faults() {
    let faults = |config: &str| {
        Cors::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
    };
    assert_eq!(
        faults(r#"{"origins": "https://app.novasphere.io", "credentials": true}"#),
        "origins: expected a list, got \"https://app.novasphere.io\"; write \
         [\"https://app.novasphere.io\"]"
    );
}

/// The warnings of an accepted configuration.
fn warnings(config: &str) -> Vec<String> {
    let host = TestHost::default();
    assert!(Cors::from_json(config.as_bytes(), &host).is_ok(), "{config}");
    host.warnings.into_inner()
}

#[test]
fn warns_about_dangerous_settings() {
    assert_eq!(
        warnings(
            r#"{"origins": ["http://app.novasphere.io", "http://*.novasphere.io:*",
                "http://192.168.1.10", "https://app.novasphere.io", "http://localhost:*",
                "http://a.localhost", "http://127.0.0.1:3000", "http://[::1]", "file://",
                "app://.", "http://127.evil.example"], "credentials": true}"#
        ),
        [
            "origins[0]: \"http://app.novasphere.io\" has no TLS: an attacker who changes the page in \
             transit can act as the user",
            "origins[1]: \"http://*.novasphere.io:*\" has no TLS: an attacker who changes the page in \
             transit can act as the user",
            "origins[2]: \"http://192.168.1.10\" has no TLS: an attacker who changes the page in \
             transit can act as the user",
            "origins[8]: any local file that the user opens can act as the user",
            "origins[10]: \"http://127.evil.example\" has no TLS: an attacker who changes the page in \
             transit can act as the user",
        ]
    );
    let none: [&str; 0] = [];
    assert_eq!(warnings(r#"{"origins": ["http://app.novasphere.io", "file://", "null"]}"#), none);
    for everyone in [
        r#"{"private_network": true}"#,
        r#"{"private_network": true,
        "origins": ["*"], "reflect_any_origin": true}"#,
    ] {
        assert_eq!(
            warnings(everyone),
            ["private_network: every site can reach the private network"]
        );
    }
}

#[test]
fn warns_about_settings_without_effect() {
    assert_eq!(
        warnings(
            r#"{"policies": [{"origins": ["https://a.example"], "max_age": 86401,
                "headers": ["X-A", "Cookie", "Sec-Fetch-Mode", "Proxy-X"]}], "max_age": 86400,
                "headers": ["Content-Length"]}"#
        ),
        [
            "headers[0]: \"Content-Length\" is set by browsers, never by pages: remove it",
            "policies[0].headers[1]: \"Cookie\" is set by browsers, never by pages: remove it",
            "policies[0].headers[2]: \"Sec-Fetch-Mode\" is set by browsers, never by pages: remove \
             it",
            "policies[0].headers[3]: \"Proxy-X\" is set by browsers, never by pages: remove it",
            "policies[0].max_age: no browser caches a preflight response for 86401 seconds: \
             Firefox caps it at 86400, Chromium at 7200, Safari at 600",
        ]
    );
}

/// Any site can be `null`, so it adds nothing to a reflected origin.
#[test]
fn null_with_credentials_needs_reflection() {
    let config = r#"{"origins": ["*", "null"], "credentials": true, "reflect_any_origin": true}"#;
    assert_eq!(
        warnings(config),
        ["reflect_any_origin: with credentials, every site can act as the user; list the origins \
             instead"]
    );
    assert!(allows_with_credentials(&cors(config), b"null"));
}

#[test]
fn rejects_unescaped_dots_in_patterns() {
    let fault = |pattern: &str| {
        let config = with_pattern(pattern);
        match Cors::from_json(config.as_bytes(), &TestHost::default()) {
            Ok(_) => String::new(),
            Err(errors) => errors.to_string(),
        }
    };
    for good in [
        r"https://a\.example",
        r"https://[a-z.]+\.example",
        r"https://.*\.example",
        r"https://(.+\.)?a\.example",
        r"https://.{1,9}\.a\.example",
        r"https://a\\.?\.example",
    ] {
        assert_eq!(fault(good), "", "{good}");
    }
    for bad in [r"https://a.example", r"https://a\.b.example", r"https://[a-z]+.example"] {
        assert!(fault(bad).contains("matches any character"), "{bad}: {}", fault(bad));
    }
}

fn with_pattern(pattern: &str) -> String {
    format!(r#"{{"origins": ["~{}"]}}"#, pattern.replace('\\', r"\\"))
}

#[test]
fn accepts_policies_from_narrow_to_wide() {
    let none: [&str; 0] = [];
    let config = r#"{"policies": [
        {"origins": ["https://app.novasphere.io", "http://localhost:3000"]},
        {"origins": ["https://*.novasphere.io", "http://localhost:*"]},
        {"origins": ["https://**.novasphere.io", "~https://pr-[0-9]+\\.novasphere\\.io"]},
        {"origins": ["null"]}], "origins": ["*"]}"#;
    assert_eq!(warnings(config), none);
}

#[test]
fn warns_about_patterns_with_an_open_start() {
    let warned = |pattern: &str| warnings(&with_pattern(pattern)).len();
    for open in [
        r"https://.*novasphere\.io",
        r"https?://(.+novasphere|a)\.io",
        r"https://[^.]*novasphere\.io",
        r"https://(.*)novasphere\.io",
        r"https://.*?novasphere\.io(:[0-9]+)?",
        r"https://[a-z]{0,30}novasphere\.io",
    ] {
        assert_eq!(warned(open), 1, "{open}");
    }
    for closed in [
        r"https://(.*\.)?novasphere\.io",
        r"https://.*\.a\.io",
        r"https://pr-.*\.a\.io",
        r"https://[a-z0-9-]+\.novasphere\.io",
        r"https://[a-z0-9]+-preview\.novasphere\.io",
    ] {
        assert_eq!(warned(closed), 0, "{closed}");
    }
}

#[test]
fn warns_about_patterns_like_wildcards() {
    let with_credentials = |pattern: &str| {
        warnings(&with_pattern(pattern).replace(r#""]}"#, r#""], "credentials": true}"#))
    };
    let no_tls = "has no TLS: an attacker who changes the page in transit can act as the user";
    for plain in [
        r"http://app\.novasphere\.io",
        r"https?://app\.novasphere\.io",
        r"(https|http)://app\.novasphere\.io",
        r"[a-z]+://app\.novasphere\.io",
        r"http(s)?://app\.novasphere\.io",
        r"https?://(localhost|app\.novasphere\.io)",
        r"[a-z]+://(localhost|app\.novasphere\.io)",
        r"https?://(localhost|pr-[0-9]+\.novasphere\.io)(:[0-9]+)?",
        r"^https?:\/\/(127\.0\.0\.1|192\.168\.\d{1,3}\.\d{1,3}):3000$",
        r"http://localhost(:[0-9]+)?|http://127\.evil\.example",
        r"https?://(localhost|10\.\d+\.\d+\.\d+)(:\d+)?",
        r"https?://(localhost|[a-z]+\.corp\.novasphere\.io)",
    ] {
        let warned = with_credentials(plain);
        assert!(matches!(&warned[..], [one] if one.ends_with(no_tls)), "{plain}: {warned:?}");
        assert!(warnings(&with_pattern(plain)).is_empty(), "{plain}");
    }
    let none: [&str; 0] = [];
    for safe in [
        r"https://app\.novasphere\.io",
        r"http://localhost:[0-9]+",
        r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?",
        r"https?://([a-z]+\.)?localhost",
        r"(https://app\.novasphere\.io|http://localhost:[0-9]+)",
        r"https://app\.novasphere\.io|http://localhost:(3000|5173)",
        r"^(https://app\.novasphere\.io|http://localhost:(3000|5173))$",
        r"http://127\.0\.0\.\d{1,3}:3000|http://127\.[0-9.]+",
    ] {
        assert_eq!(with_credentials(safe), none, "{safe}");
    }
    let warned = warnings(&with_pattern(r"https://.*\.(test|example)(:[0-9]+)?"));
    assert!(matches!(&warned[..], [one] if one.ends_with("trusts every site under .test")));
    assert_eq!(warnings(&with_pattern(r"https://[a-z]+\.localhost")), none);
}

#[test]
fn accepts_unusual_patterns_that_match() {
    for (pattern, origin) in [
        (r"^https:\/\/app\.novasphere\.io$", "https://app.novasphere.io"),
        (r"https://app\.novasphere\.io/?", "https://app.novasphere.io"),
        (r"(?i)https://App\.novasphere\.io", "https://app.novasphere.io"),
        (r"(?P<Scheme>https)://[A-Z0-9]+\.novasphere\.io", "https://7.novasphere.io"),
        (r"https://\w+\.novasphere\.io\S{0,9}", "https://a.novasphere.io:8443"),
        (r"https?://app\.novasphere\.io:443", "http://app.novasphere.io:443"),
        (r".*//app\.novasphere\.io", "https://app.novasphere.io"),
        (r"https://app\.novasphere\.io(:443)?", "https://app.novasphere.io"),
        (r"https://pr[-_][0-9]\.novasphere\.io", "https://pr-1.novasphere.io"),
        (r"https://pr[-][0-9]\.novasphere\.io", "https://pr-1.novasphere.io"),
    ] {
        assert!(allows(&cors(&with_pattern(pattern)), origin.as_bytes()), "{pattern}");
    }
}
