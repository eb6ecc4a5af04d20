use super::*;

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

/// What `config` is warned of; it is accepted.
fn warnings(config: &str) -> Vec<String> {
    let host = World::default();
    assert!(Cors::configure(config.as_bytes(), &host).is_ok(), "{config}");
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
        match Cors::configure(config.as_bytes(), &World::default()) {
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
    for open in [r"https://.*novasphere\.io", r"https?://(.+novasphere|a)\.io"] {
        assert_eq!(warned(open), 1, "{open}");
    }
    for closed in [r"https://(.*\.)?novasphere\.io", r"https://.*\.a\.io", r"https://pr-.*\.a\.io"]
    {
        assert_eq!(warned(closed), 0, "{closed}");
    }
}
