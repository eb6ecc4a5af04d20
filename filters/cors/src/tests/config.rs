use super::*;

#[test]
fn a_whole_top_level_domain_is_worth_a_warning() {
    let host = TestHost::default();
    let config = br#"{"origins": ["https://*.com", "http://*.localhost", "https://*.a.com"]}"#;
    assert!(Cors::from_json(config, &host).is_ok());
    assert_eq!(
        host.warnings.into_inner(),
        [r#"origins[0]: "https://*.com" trusts every site under .com"#]
    );
}

#[test]
fn faults_of_the_form_hide_what_follows_from_them() {
    let faults = |config: &str| {
        Cors::from_json(config.as_bytes(), &TestHost::default()).unwrap_err().to_string()
    };
    assert_eq!(
        faults(r#"{"origins": "https://app.novasphere.io", "credentials": true}"#),
        "origins: expected a list, got \"https://app.novasphere.io\""
    );
}

/// What `config` is warned of; it is accepted.
fn warnings(config: &str) -> Vec<String> {
    let host = TestHost::default();
    assert!(Cors::from_json(config.as_bytes(), &host).is_ok(), "{config}");
    host.warnings.into_inner()
}

#[test]
fn what_is_dangerous_but_may_be_meant_is_worth_a_warning() {
    assert_eq!(
        warnings(
            r#"{"origins": ["http://app.novasphere.io", "http://*.novasphere.io:*",
                "http://192.168.1.10", "https://app.novasphere.io", "http://localhost:*",
                "http://a.localhost", "http://127.0.0.1:3000", "http://[::1]", "file://",
                "app://."], "credentials": true}"#
        ),
        [
            "origins[0]: \"http://app.novasphere.io\" has no TLS: whoever changes the page on its \
             way acts as the user",
            "origins[1]: \"http://*.novasphere.io:*\" has no TLS: whoever changes the page on its \
             way acts as the user",
            "origins[2]: \"http://192.168.1.10\" has no TLS: whoever changes the page on its way \
             acts as the user",
            "origins[8]: every local file the user opens may act as the user",
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
            ["private_network: every site may reach into the private network"]
        );
    }
}

#[test]
fn what_has_less_effect_than_it_seems_is_worth_a_warning() {
    assert_eq!(
        warnings(
            r#"{"policies": [{"origins": ["https://a.example"], "max_age": 86401,
                "headers": ["X-A", "Cookie", "Sec-Fetch-Mode", "Proxy-X"]}], "max_age": 86400,
                "headers": ["Content-Length"]}"#
        ),
        [
            "headers[0]: \"Content-Length\" is set by browsers, never by pages: leave it out",
            "policies[0].headers[1]: \"Cookie\" is set by browsers, never by pages: leave it out",
            "policies[0].headers[2]: \"Sec-Fetch-Mode\" is set by browsers, never by pages: leave \
             it out",
            "policies[0].headers[3]: \"Proxy-X\" is set by browsers, never by pages: leave it out",
            "policies[0].max_age: no browser keeps an answer for 86401 seconds: Firefox caps it at \
             86400, Chromium at 7200, Safari at 600",
        ]
    );
}

/// Every site can be `null`, so it is no more than a reflected origin is.
#[test]
fn null_with_credentials_needs_reflection() {
    let config = r#"{"origins": ["*", "null"], "credentials": true, "reflect_any_origin": true}"#;
    assert!(warnings(config).is_empty());
    assert!(allows_with_credentials(&cors(config), b"null"));
}

#[test]
fn a_dot_of_a_pattern_is_written_as_one() {
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
        assert!(fault(bad).contains("stands for any character"), "{bad}: {}", fault(bad));
    }
}

fn with_pattern(pattern: &str) -> String {
    format!(r#"{{"origins": ["~{}"]}}"#, pattern.replace('\\', r"\\"))
}

#[test]
fn policies_may_narrow_what_comes_after_them() {
    let none: [&str; 0] = [];
    let config = r#"{"policies": [
        {"origins": ["https://app.novasphere.io", "http://localhost:3000"]},
        {"origins": ["https://*.novasphere.io", "http://localhost:*"]},
        {"origins": ["https://**.novasphere.io", "~https://pr-[0-9]+\\.novasphere\\.io"]},
        {"origins": ["null"]}], "origins": ["*"]}"#;
    assert_eq!(warnings(config), none);
}

#[test]
fn a_pattern_with_an_open_front_is_worth_a_warning() {
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
fn a_pattern_is_warned_of_as_a_wildcard_is() {
    let with_credentials =
        |pattern: &str| warnings(&with_pattern(pattern).replace('}', r#", "credentials": true}"#));
    let no_tls = "has no TLS: whoever changes the page on its way acts as the user";
    for plain in [
        r"http://app\.novasphere\.io",
        r"https?://app\.novasphere\.io",
        r"(https|http)://app\.novasphere\.io",
        r"[a-z]+://app\.novasphere\.io",
    ] {
        let warned = with_credentials(plain);
        assert!(matches!(&warned[..], [one] if one.ends_with(no_tls)), "{plain}: {warned:?}");
        assert!(warnings(&with_pattern(plain)).is_empty(), "{plain}");
    }
    let none: [&str; 0] = [];
    for safe in [r"https://app\.novasphere\.io", r"http://localhost:[0-9]+"] {
        assert_eq!(with_credentials(safe), none, "{safe}");
    }
    let warned = warnings(&with_pattern(r"https://.*\.(test|example)(:[0-9]+)?"));
    assert!(matches!(&warned[..], [one] if one.ends_with("trusts every site under .test")));
    assert_eq!(warnings(&with_pattern(r"https://[a-z]+\.localhost")), none);
}

/// What is written oddly, and matches all the same.
#[test]
fn a_pattern_that_can_match_is_taken() {
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
