//! `policies`.

use super::*;

const POLICIES: &str = r#"{
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
fn first_matching_policy_decides() {
    let cors = cors(POLICIES);
    assert_eq!(
        header_lines(&preflight(&cors, b"https://admin.novasphere.io", &[])),
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
fn policy_inherits_missing_fields() {
    let cors = cors(POLICIES);
    assert_eq!(
        header_lines(&preflight(&cors, APP, &[])),
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

/// With other policies, the response depends on the origin, so `*` needs `Vary`.
#[test]
fn star_beside_policies_varies_by_origin() {
    let cors = cors(POLICIES);
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
fn policies_alone_allow_only_their_origins() {
    let cors = cors(r#"{"policies": [{"origins": ["https://app.novasphere.io"]}]}"#);
    assert!(allows(&cors, APP));
    assert!(!allows(&cors, b"https://evil.example"));
}

#[test]
fn policy_does_not_inherit_reflection() {
    let cors = cors(
        r#"{"policies": [{"origins": ["https://app.novasphere.io"], "credentials": true}],
            "origins": ["*"], "reflect_any_origin": true}"#,
    );
    assert!(allows_with_credentials(&cors, APP));
    assert!(allows(&cors, b"https://evil.example"));
    assert!(!allows_with_credentials(&cors, b"https://evil.example"));
}

#[test]
fn allow_origin_absent_false_varies_by_origin() {
    let cors = cors(r#"{"allow_origin_absent": false, "exposed_headers": ["X-A"]}"#);
    assert_eq!(response(&cors, &[], &[("access-control-allow-origin", b"*")]), ["vary: Origin"]);
    assert_eq!(
        response(&cors, &[("origin", APP)], &[]),
        ["access-control-allow-origin: *", "access-control-expose-headers: X-A", "vary: Origin"]
    );
}
