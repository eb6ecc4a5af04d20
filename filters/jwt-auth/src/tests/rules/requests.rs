//! Rules for some requests.

use super::super::*;
use crate::state::State;

pub(super) fn rules(rules: &str) -> JwtAuth {
    filter(&format!(r#", "rules": [{rules}]"#))
}

pub(super) fn scoped(scope: &str) -> String {
    format!("Bearer {}", token(&format!(r#", "scope": "{scope}", "aud": "api""#)))
}

/// The reason of the decision about a request with this token.
pub(super) fn decide(filter: &JwtAuth, method: &str, path: &str, token: &str) -> &'static str {
    run(filter, &[(":method", method), (":path", path), ("authorization", token)]).reason
}

#[test]
fn first_match_replaces_scopes_and_lists() {
    let filter = filter(
        r#", "scopes": {"all_of": ["base"]}, "audiences": ["api"], "rules": [
            {"methods": ["POST"], "path_prefix": "/w", "scopes": {"all_of": ["base", "write"]}},
            {"path_prefix": "/w/x", "audiences": ["other"]},
            {"path_prefix": "/w", "required_claims": [{"claim": "sub"}]}]"#,
    );
    let [base, write] = [scoped("base"), scoped("base write")];
    for (method, path, token, expected) in [
        ("GET", "/", &base, "allowed"),
        ("POST", "/", &base, "allowed"),
        ("POST", "/w", &base, "insufficient_scope"),
        ("POST", "/w/x", &write, "allowed"),
        ("GET", "/w/x", &write, "wrong_audience"),
        ("GET", "/w/y", &write, "required_claim"),
    ] {
        assert_eq!(decide(&filter, method, path, token), expected, "{method} {path}");
    }
    let outcome = run(&filter, &[(":method", "POST"), (":path", "/w"), ("authorization", &base)]);
    let challenge = r#"Bearer error="insufficient_scope", scope="base write""#;
    assert_eq!(outcome.response, Some((403, challenge.to_owned())));
    let outcome = run(&filter, &[(":path", "/w/y"), ("authorization", &base)]);
    let detail = text(&outcome.host.attributes.borrow()["jwt_auth_detail"]);
    assert!(detail.starts_with("the claim of rules[2].required_claims[0] "), "{detail}");
}

#[test]
fn rule_can_let_requests_pass_without_token() {
    let filter = rules(
        r#"{"path": "/skip", "skip": true}, {"path": "/optional", "optional": true},
           {"path_prefix": "/report", "report_only": true}"#,
    );
    for (path, absent, bad) in [
        ("/", "no_token", "malformed_token"),
        ("/skip", "skipped", "skipped"),
        ("/optional", "optional", "malformed_token"),
    ] {
        let reasons = ["", "Bearer x"].map(|token| decide(&filter, "GET", path, token));
        assert_eq!(reasons, [absent, bad], "{path}");
    }
    let reported = run(&filter, &[(":path", "/report/x")]);
    assert_eq!((reported.reason, reported.response), ("no_token", None));
    assert_eq!(reported.host.attributes.borrow()["jwt_auth_reported"], b"no_token");
}

#[test]
fn get_includes_head_in_stricter_rules_only() {
    let filter = rules(
        r#"{"methods": ["GET"], "path": "/strict", "scopes": {"all_of": ["a"]}},
           {"methods": ["GET"], "path": "/loose", "optional": true}"#,
    );
    let good = scoped("b");
    for (method, strict, loose) in [
        ("GET", "insufficient_scope", "optional"),
        ("HEAD", "insufficient_scope", "no_token"),
        ("POST", "allowed", "no_token"),
    ] {
        assert_eq!(decide(&filter, method, "/strict", &good), strict, "{method}");
        assert_eq!(decide(&filter, method, "/loose", ""), loose, "{method}");
    }
}

#[test]
fn stricter_rule_matches_any_reading_and_looser_rule_only_plain_paths() {
    let filter = rules(
        r#"{"path": "/strict", "scopes": {"all_of": ["a"]}}, {"path": "/loose", "optional": true}"#,
    );
    let good = scoped("b");
    let variants = |name: &str| {
        ["/{}/", "//{}", "/{};x", "/{}%20", "/%2f{}", "/{}%E2%80%8B"]
            .map(|path| path.replace("{}", name))
    };
    for path in variants("strict").iter().take(5) {
        assert_eq!(decide(&filter, "GET", path, &good), "insufficient_scope", "{path}");
    }
    for path in variants("loose") {
        assert_eq!(decide(&filter, "GET", &path, ""), "no_token", "{path}");
    }
    assert_eq!(decide(&filter, "GET", "/x/../strict", &good), "ambiguous_path");
}

/// Servers that merge slashes keep segments of white space, and some servers decode the path before
/// they resolve `..`.
#[test]
fn stricter_rule_matches_blank_segments_and_dots_before_an_encoded_query() {
    for (rule, path, expected) in [
        (r#""path_template": "/a/{x}""#, "/a//%20", "insufficient_scope"),
        (r#""path_template": "/a/{x}/b""#, "/a//%20/b", "insufficient_scope"),
        (r#""path": "/a""#, "/a/x\\y/..%3f", "ambiguous_path"),
    ] {
        let filter = rules(&format!(r#"{{{rule}, "scopes": {{"all_of": ["a"]}}}}"#));
        assert_eq!(decide(&filter, "GET", path, &scoped("b")), expected, "{path}");
    }
}

/// Neither the rule nor the filter alone is safe for such a path.
#[test]
fn rule_that_is_stricter_and_looser_makes_other_spellings_ambiguous() {
    let filter = filter(
        r#", "scopes": {"all_of": ["read"]},
            "rules": [{"path": "/w", "scopes": {"all_of": ["write"]}}]"#,
    );
    let tokens = [scoped("read"), scoped("write")];
    let both = |path: &str| tokens.each_ref().map(|token| decide(&filter, "GET", path, token));
    assert_eq!(both("/w"), ["insufficient_scope", "allowed"]);
    assert_eq!(both("/x"), ["allowed", "insufficient_scope"]);
    for path in ["/w/", "/w;x", "//w"] {
        assert_eq!(both(path), ["ambiguous_path"; 2], "{path}");
    }
    let outcome = run(&filter, &[(":path", "/w;x")]);
    assert_eq!(outcome.response, Some((400, r#"Bearer error="invalid_request""#.to_owned())));
}

/// An earlier rule may replace a later one only if it is at least as strict.
#[test]
fn variants_of_two_rules_are_ambiguous_unless_the_first_is_stricter() {
    let photo = r#"{"path_template": "/u/{id}/photo", "scopes": {"all_of": ["photo"]}}"#;
    let all =
        |scopes: &str| format!(r#"{{"path_prefix": "/u", "scopes": {{"all_of": [{scopes}]}}}}"#);
    let weaker = rules(&format!("{photo}, {}", all(r#""photo", "admin""#)));
    let stricter = rules(&format!("{photo}, {}", all(r#""photo""#)));
    let path = "/u/1%2fdelete/photo";
    assert_eq!(decide(&weaker, "GET", path, &scoped("photo")), "ambiguous_path");
    assert_eq!(decide(&stricter, "GET", path, &scoped("photo")), "allowed");
    assert_eq!(decide(&weaker, "GET", "/u/1/photo", &scoped("photo")), "allowed");
}

/// The number of variants must not cost much time.
#[test]
fn long_path_with_several_variants_is_ambiguous() {
    let [by_path, by_method] = [r#""path": "/x""#, r#""methods": ["PUT"]"#]
        .map(|condition| rules(&format!(r#"{{{condition}, "scopes": {{"all_of": ["a"]}}}}"#)));
    let skip = rules(r#"{"path": "/x", "skip": true}"#);
    let (token, long) = (scoped("b"), "a".repeat(4_096));
    for (filter, path, expected) in [
        (&by_path, format!("/{long}"), "allowed"),
        (&by_path, format!("/{};", "a".repeat(4_094)), "allowed"),
        (&by_path, format!("/{long};"), "ambiguous_path"),
        (&by_method, format!("/{long};"), "allowed"),
        (&skip, format!("/{long};"), "allowed"),
    ] {
        assert_eq!(decide(filter, "GET", &path, &token), expected);
    }
}

#[test]
fn faulty_rule_makes_no_other_rule_unreachable() {
    let config = r#"{"credentials": [{"key": "k", "secret": {"env": "SECRET"}}], "rules": [
        {"methods": ["GET"], "path": "a;b", "scopes": {"all_of": ["a"]}},
        {"methods": ["GET"], "path": "/a", "scopes": {"all_of": ["b"]}}]}"#;
    let faults = JwtAuth::from_json(config.as_bytes(), &host()).unwrap_err().to_string();
    assert!(faults.starts_with("rules[0].path: ") && faults.lines().count() == 1, "{faults}");
}

#[test]
fn route_and_header_select_a_rule() {
    let filter = rules(
        r#"{"route": "admin", "scopes": {"all_of": ["a"]}},
           {"header": {"name": "X-Client", "one_of": ["batch"]}, "scopes": {"all_of": ["b"]}},
           {"route": "public", "skip": true}"#,
    );
    let good = scoped("c");
    let decide = |route: Option<&str>, client: &str| {
        let lines = [("x-client", client), ("authorization", good.as_str())];
        let lines = lines.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let head = RequestHead { headers: Headers::borrowed(lines) };
        let host = TestHost::at(NOW);
        *host.route.borrow_mut() = route.map(|name| name.as_bytes().to_vec());
        match filter.on_request(&head, &mut State::default(), &host.env()) {
            Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
            _ => "pending",
        }
    };
    assert_eq!(decide(Some("admin"), ""), "insufficient_scope");
    assert_eq!(decide(Some("other"), ""), "allowed");
    assert_eq!(decide(None, "batch"), "insufficient_scope");
    assert_eq!(decide(Some("public"), "batch"), "insufficient_scope");
    assert_eq!(decide(Some("public"), "web"), "skipped");
}

/// With the largest number of rules, a cached token still meets each rule for itself.
#[test]
fn cached_token_passes_only_rules_that_verified_it() {
    let list: Vec<String> = (0..63)
        .map(|n| format!(r#"{{"path": "/{n}", "scopes": {{"all_of": ["s{}"]}}}}"#, n % 2))
        .collect();
    let filter = rules(&list.join(","));
    let (host, mut state) = (TestHost::at(NOW), State::default());
    let token = scoped("s0");
    let mut decide = |path: &str| {
        host.events.borrow_mut().clear();
        let lines = [(":path", path), ("authorization", &token)];
        let lines = lines.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let head = RequestHead { headers: Headers::borrowed(lines) };
        let reason = match filter.on_request(&head, &mut state, &host.env()) {
            Decision::Continue { reason, .. } | Decision::Respond { reason, .. } => reason,
            _ => "pending",
        };
        (reason, host.events.borrow().first().copied().unwrap_or_default())
    };
    assert_eq!(decide("/"), ("allowed", "cache_miss"));
    for _ in 0..2 {
        for n in 0..63 {
            let (reason, _) = decide(&format!("/{n}"));
            let expected = ["allowed", "insufficient_scope"][n % 2];
            assert_eq!(reason, expected, "{n}");
        }
    }
    assert_eq!(decide("/"), ("allowed", "cache_hit"));
    assert_eq!(decide("/62"), ("allowed", "cache_hit"));
    assert_eq!(decide("/61"), ("insufficient_scope", "cache_miss"));
}

#[test]
fn warns_of_stricter_rules_that_requests_without_token_pass() {
    let warnings = |more: &str| {
        let host = host();
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
            "rules": [{{"path": "/a", "scopes": {{"all_of": ["a"]}}}}]{more}}}"#
        );
        JwtAuth::from_json(config.as_bytes(), &host).unwrap();
        host.warnings.take()
    };
    assert_eq!(warnings(""), [""; 0]);
    assert_eq!(
        warnings(r#", "optional": true"#),
        [
            "rules[0]: requests without a token pass this rule too, because the filter has optional: \
          true. Remove it there, and set it in the rules that need it"
        ]
    );
    assert_eq!(
        warnings(r#", "anonymous": {"username": "guest"}"#),
        ["rules[0]: requests without a valid token pass this rule too, as the anonymous consumer"]
    );
}

#[test]
fn refuses_a_route_where_the_host_does_not_tell_it() {
    let config = r#"{"credentials": [{"key": "k", "secret": {"env": "SECRET"}}],
        "rules": [{"route": "admin", "scopes": {"all_of": ["a"]}}]}"#;
    let host = TestHost { unsupported: vec![novasphere_core::Capability::Route], ..host() };
    let fault = JwtAuth::from_json(config.as_bytes(), &host).unwrap_err().to_string();
    assert_eq!(fault, "rules[0].route: cannot be used here: do it elsewhere");
}
