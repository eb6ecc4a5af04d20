use novasphere_core::target;
use proptest::prelude::*;

use super::{
    super::*,
    path_reader::{reader, special_text},
};

fn rules(rules: &str) -> JwtAuth {
    filter(&format!(r#", "skip": [{rules}]"#))
}

fn skips(filter: &JwtAuth, method: &str, path: &str) -> bool {
    let outcome = run(filter, &[(":method", method), (":path", path)]);
    assert!(["skipped", "no_token"].contains(&outcome.reason));
    outcome.reason == "skipped"
}

fn check(filter: &JwtAuth, right: &[&str], wrong: &[&str]) {
    for path in right {
        assert!(skips(filter, "GET", path), "{path}");
    }
    for path in wrong {
        assert!(!skips(filter, "GET", path), "{path}");
    }
}

#[test]
fn path_matches_the_whole_path() {
    check(
        &rules(r#"{"path": "/api/healthz"}"#),
        &["/api/healthz", "/api/healthz?x=/..", "/api/%68ealthz", "/%61%70i/healthz"],
        &[
            "/api/healthz/",
            "/api/healthzx",
            "/api/healthz/x",
            "/api/Healthz",
            "/api",
            "/",
            "",
            "/api//healthz",
            "//api/healthz",
            "/api/./healthz",
            "/x/../api/healthz",
            "/api%2fhealthz",
            "/api/healthz;x",
            "/api/healthz%3Fx",
            "/api/healthz%00",
            "/api/healthz#x",
            "*",
            "api/healthz",
            "http://h/api/healthz",
        ],
    );
}

#[test]
fn path_prefix_matches_whole_segments() {
    for prefix in ["/public", "/public/"] {
        check(
            &rules(&format!(r#"{{"path_prefix": "{prefix}"}}"#)),
            &[
                "/public",
                "/public/",
                "/public/a/b.css",
                "/public?x",
                "/public/My%20File",
                "/public/%C3%BC",
            ],
            &[
                "/publicx",
                "/pub",
                "/Public",
                "/x/public",
                "/public/../admin",
                "/public/%2e%2e/admin",
                "/public/%2E./admin",
                "/public/..%2fadmin",
                "/public/..;/admin",
                "/public/..%5cadmin",
                "/public\\..\\admin",
                "/public//admin",
                "//public/admin",
                "/public/%252e%252e/admin",
                "/public/%c0%ae%c0%ae/admin",
                "/public/..%20/admin",
                "/public/%",
                "/public/%zz",
                "/admin/../public/a",
                "/public/\u{ff0e}",
                "/public/%EF%BC%8E%EF%BC%8E/admin",
                "/public%EF%BC%8F..%EF%BC%8Fadmin",
                "/public/%E2%80%A5/admin",
                "/public/.%E2%80%8B./admin",
                "/public/%EF%BC%9Bx",
            ],
        );
    }
    check(&rules(r#"{"path_prefix": "/"}"#), &["/", "/a/b"], &["//a", "/..", "*"]);
}

#[test]
fn template_variable_matches_one_segment() {
    check(
        &rules(r#"{"path_template": "/users/{id}/photo.png"}"#),
        &["/users/1/photo.png", "/users/%61b/photo%2epng", "/users/.x/photo.png"],
        &[
            "/users//photo.png",
            "/users/1/2/photo.png",
            "/users/1/photo.png/",
            "/users/1%2f2/photo.png",
            "/users/../photo.png",
            "/users/1/photo",
            "/users/photo.png",
            "/users/1%3f/photo.png",
        ],
    );
    check(&rules(r#"{"path_template": "/{a}"}"#), &["/x"], &["/", "/x/", "/x/y"]);
}

#[test]
fn skip_rules_match_method_and_case_as_configured() {
    let filter = rules(
        r#"{"methods": ["GET", "HEAD"], "path": "/A", "ignore_case": true}, {"path_prefix": "/B"},
           {"path_prefix": "/C", "ignore_case": true},
           {"path_template": "/D/{x}", "ignore_case": true}"#,
    );
    for (method, path, expected) in [
        ("GET", "/a", true),
        ("HEAD", "/A", true),
        ("get", "/a", false),
        ("POST", "/a", false),
        ("", "/a", false),
        ("DELETE", "/B/x", true),
        ("GET", "/b/x", false),
        ("GET", "/c", true),
        ("GET", "/c/X", true),
        ("GET", "/d/X", true),
    ] {
        assert_eq!(skips(&filter, method, path), expected, "{method} {path}");
    }
}

#[test]
fn refuses_skip_rules_that_never_match() {
    let fault = |rule: &str| {
        configure(&format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}], "skip": [{{{rule}}}]}}"#
        ))
        .unwrap_err()
    };
    for path in
        ["", "a", "/a?b", "/a//b", "/a/../b", "/a%2fb", "/a;b", "/a{b}", "/{}", "/a b", "/{a}{b}"]
    {
        for field in ["path", "path_prefix", "path_template"] {
            let fault = fault(&format!(r#""{field}": "{path}""#));
            assert!(fault.starts_with(&format!("skip[0].{field}: {path:?} must ")), "{fault}");
        }
    }
    let needs = "skip[0]: needs exactly one of path, path_prefix and path_template";
    assert_eq!(fault(""), needs);
    assert_eq!(fault(r#""path": "/a", "path_prefix": "/b""#), needs);
    assert_eq!(
        fault(r#""path": "/a", "methods": ["get"]"#),
        "skip[0].methods[0]: \"get\" is not a method: methods are case-sensitive, such as GET"
    );
    assert_eq!(
        fault(r#""path": "/a", "methods": []"#),
        "skip[0].methods: must not be empty; omit it to match any method"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_upstream_reads_a_skipped_path_outside_its_rule(
        start in prop::sample::select(vec!["", "/", "/public", "/public/", "/%70ublic/"]),
        rest in special_text(0..8),
        reader in reader(),
    ) {
        let path = format!("{start}{rest}");
        if skips(&rules(r#"{"path_prefix": "/public"}"#), "GET", &path) {
            let read = reader.read(target::path(path.as_bytes()));
            prop_assert!(read == "/public" || read.starts_with("/public/"), "{path} is read as {read}");
        }
    }

    #[test]
    fn template_variable_never_spans_segments(id in special_text(1..4), reader in reader()) {
        let path = format!("/users/{id}/photo");
        if skips(&rules(r#"{"path_template": "/users/{id}/photo"}"#), "GET", &path) {
            let read = reader.read(target::path(path.as_bytes()));
            let parts: Vec<&str> = read.split('/').collect();
            prop_assert!(matches!(parts[..], ["", "users", _, "photo"]), "{path} is read as {read}");
        }
    }
}
