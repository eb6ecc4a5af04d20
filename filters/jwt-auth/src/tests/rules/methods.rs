//! Methods in lower case.

use super::{
    super::*,
    requests::{decide, rules, scoped},
};

/// Some servers ignore the case of methods. A less strict rule does not match such a method. A
/// request whose rule would be too lenient for some servers is rejected.
#[test]
fn stricter_rule_matches_methods_in_lower_case() {
    let read = r#"{"methods": ["GET"], "path_prefix": "/w", "scopes": {"all_of": ["read"]}}"#;
    let write = r#"{"path_prefix": "/w", "scopes": {"all_of": ["write"]}}"#;
    let both = rules(&format!("{read}, {write}"));
    let only_read = rules(read);
    let loose = rules(r#"{"methods": ["GET"], "path_prefix": "/w", "skip": true}"#);
    let other = filter(
        r#", "scopes": {"all_of": ["read"]},
            "rules": [{"methods": ["PUT"], "scopes": {"all_of": ["write"]}}]"#,
    );
    for (filter, method, scope, expected) in [
        (&only_read, "get", "x", "insufficient_scope"),
        (&only_read, "Head", "x", "insufficient_scope"),
        (&only_read, "get", "read", "allowed"),
        (&only_read, "gets", "x", "allowed"),
        (&both, "GET", "read", "allowed"),
        (&both, "get", "read", "ambiguous_path"),
        (&both, "put", "write", "allowed"),
        (&other, "PUT", "write", "allowed"),
        (&other, "put", "write", "ambiguous_path"),
        (&other, "put", "read", "ambiguous_path"),
        (&other, "get", "read", "allowed"),
    ] {
        assert_eq!(decide(filter, method, "/w", &scoped(scope)), expected, "{method} {scope}");
    }
    // The path has variants that match both rules. The method makes the request ambiguous.
    assert_eq!(decide(&both, "get", "/w%2f", &scoped("read")), "ambiguous_path");
    assert_eq!(decide(&loose, "GET", "/w", ""), "skipped");
    assert_eq!(decide(&loose, "get", "/w", ""), "no_token");
}
