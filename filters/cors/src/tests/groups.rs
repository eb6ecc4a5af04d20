//! Groups of origins with rules of their own.

use super::*;

const GROUPS: &str = r#"{
    "policies": [
        {"origins": ["https://admin.novasphere.io"], "methods": ["GET", "DELETE"],
            "headers": ["Authorization", "X-Admin"], "exposed_headers": ["X-Audit-Id"],
            "credentials": true, "max_age": 60},
        {"origins": ["https://*.novasphere.io"], "credentials": true, "exposed_headers": []}
    ],
    "origins": ["*"], "methods": ["GET"], "headers": ["X-Public"],
    "exposed_headers": ["X-Public-Id"], "max_age": 600
}"#;

#[test]
fn the_first_group_that_names_the_origin_decides() {
    let cors = cors(GROUPS);
    assert_eq!(
        told(&preflight(&cors, b"https://admin.novasphere.io", &[])),
        [
            "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            "access-control-allow-origin: https://admin.novasphere.io",
            "access-control-allow-credentials: true",
            "access-control-allow-methods: GET, DELETE",
            "access-control-allow-headers: Authorization, X-Admin",
            "access-control-max-age: 60",
        ]
    );
    assert_eq!(
        response(&cors, &[("origin", b"https://admin.novasphere.io")], &[]),
        [
            "access-control-allow-origin: https://admin.novasphere.io",
            "access-control-allow-credentials: true",
            "access-control-expose-headers: X-Audit-Id",
            "vary: Origin",
        ]
    );
}

#[test]
fn what_a_group_leaves_out_is_as_above_it() {
    let cors = cors(GROUPS);
    assert_eq!(
        told(&preflight(&cors, APP, &[])),
        [
            "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            "access-control-allow-origin: https://app.novasphere.io",
            "access-control-allow-credentials: true",
            "access-control-allow-methods: GET",
            "access-control-allow-headers: X-Public",
            "access-control-max-age: 600",
        ]
    );
    assert_eq!(
        response(&cors, &[("origin", APP)], &[]),
        [
            "access-control-allow-origin: https://app.novasphere.io",
            "access-control-allow-credentials: true",
            "vary: Origin",
        ]
    );
}

/// A `*` beside other groups is no longer the same answer for all.
#[test]
fn everyone_else_gets_a_star_that_varies() {
    let cors = cors(GROUPS);
    let public = [
        "access-control-allow-origin: *",
        "access-control-expose-headers: X-Public-Id",
        "vary: Origin",
    ];
    for origin in [&b"https://evil.example"[..], b"null", b"\xff", b"https://a.b.novasphere.io"] {
        assert_eq!(response(&cors, &[("origin", origin)], &[]), public);
    }
    assert_eq!(response(&cors, &[], &[]), ["vary: Origin"]);
}

#[test]
fn with_policies_alone_nobody_else_is_allowed() {
    let cors = cors(r#"{"policies": [{"origins": ["https://app.novasphere.io"]}]}"#);
    assert!(allows(&cors, APP));
    assert!(!allows(&cors, b"https://evil.example"));
}

#[test]
fn any_origin_is_reflected_in_its_group_only() {
    let cors = cors(
        r#"{"policies": [{"origins": ["https://app.novasphere.io"], "credentials": true}],
            "origins": ["*"], "reflect_any_origin": true}"#,
    );
    assert!(allows_with_credentials(&cors, APP));
    assert!(allows(&cors, b"https://evil.example"));
    assert!(!allows_with_credentials(&cors, b"https://evil.example"));
}

#[test]
fn a_response_to_nobody_can_be_left_alone() {
    let cors = cors(r#"{"allow_origin_absent": false, "exposed_headers": ["X-A"]}"#);
    assert_eq!(response(&cors, &[], &[("access-control-allow-origin", b"*")]), ["vary: Origin"]);
    assert_eq!(
        response(&cors, &[("origin", APP)], &[]),
        ["access-control-allow-origin: *", "access-control-expose-headers: X-A", "vary: Origin"]
    );
}
