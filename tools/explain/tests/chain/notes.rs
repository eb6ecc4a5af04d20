//! The notes of each filter.

use novasphere_explain::{
    Explanation,
    FilterKind::{Cors, HeaderTransform, JwtAuth, RateLimit},
    Note, Outcome, ProxyKind,
};

use super::{NOW, bearer, chain, input, unsigned};

/// The notes of the only step, one a line: `+` for a match, `-` for a mismatch, `!` if it decides.
fn notes(explanation: &Explanation) -> Vec<String> {
    explanation.steps[0].notes.iter().map(line).collect()
}

fn line(note: &Note) -> String {
    let outcome = match note.outcome {
        Outcome::Fact => " ",
        Outcome::Match => "+",
        Outcome::Mismatch => "-",
    };
    let decides = if note.decides { "!" } else { "" };
    format!("{outcome}{decides} {}: {} [{}]", note.subject, note.found, note.expected)
}

#[test]
fn jwt_auth_notes_rules_keys_and_claims() {
    let config = r#"{
        "credentials": [{"key": "joe", "kid": "a", "secret": {"env": "JWT_SECRET"}}],
        "skip": [{"path": "/healthz"}],
        "rules": [{"path_prefix": "/admin", "scopes": {"all_of": ["admin"]}}]
    }"#;
    let mut chain = chain(ProxyKind::Envoy, &[(JwtAuth, config)]);
    let claims = format!(r#"{{"iss": "joe", "exp": {}}}"#, NOW + 60);
    let token = bearer(&unsigned(r#"{"alg": "HS256", "kid": "a"}"#, &claims));
    let explanation = chain.send(&input(&[("authorization", &token)]));
    let expected = [
        "- skip[0]: /api/v1/wukongs [/healthz]",
        "- rules[0]: /api/v1/wukongs [/admin and below]",
        "  rule: none, the filter's own checks []",
        "+ header authorization: a token, 170 bytes [Bearer and a token]",
        "+ token: one token [in header authorization or query parameter jwt]",
        "+ token format: three parts of JSON and base64url []",
        "  token: alg is 'HS256', kid is 'a', iss is 'joe' []",
        "+ credentials: iss is 'joe' ['joe']",
        "- key 'a' (HS256): does not verify the signature []",
        "-! signature: alg is 'HS256', kid is 'a' []",
    ];
    assert_eq!(notes(&explanation), expected);
}

#[test]
fn notes_show_no_token() {
    let config = r#"{"credentials": [{"key": "joe", "secret": {"env": "JWT_SECRET"}}],
        "uri_param_names": ["token"], "cookie_names": ["session"]}"#;
    let mut chain = chain(ProxyKind::Envoy, &[(JwtAuth, config)]);
    let token = unsigned(r#"{"alg": "HS256"}"#, r#"{"iss": "joe"}"#);
    let mut input = input(&[("cookie", &format!("session={token}"))]);
    input.request.target = format!("/a?token={token}").into_bytes();
    let explanation = chain.send(&input);
    let signature = token.rsplit_once('.').unwrap().1;
    let text = format!("{:?}", explanation.steps[0].notes);
    assert!(!text.contains(signature), "{text}");
    assert!(text.contains("query parameter token") && text.contains("cookie session"), "{text}");
}

#[test]
fn cors_notes_each_policy() {
    let config = r#"{"origins": ["https://app.test"], "methods": ["GET"],
        "policies": [{"origins": ["https://*.partner.test"]}]}"#;
    let mut chain = chain(ProxyKind::Envoy, &[(Cors, config)]);
    let mut preflight = input(&[
        ("origin", "https://app.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-a"),
    ]);
    preflight.request.method = b"OPTIONS".to_vec();
    let expected = [
        "  header origin: https://app.test []",
        "- policies[0].origins: https://app.test [https://*.partner.test]",
        "+! origins: https://app.test [https://app.test]",
        "-! access-control-request-method: PUT [GET]",
        "+ access-control-request-headers: x-a [any header]",
    ];
    assert_eq!(notes(&chain.send(&preflight)), expected);
}

#[test]
fn rate_limit_notes_rule_client_and_windows() {
    let config = r#"{"minute": 20, "hour": 100, "limit_by": ["header", "ip"],
        "header_name": "x-client", "rules": [{"name": "search", "path": "/search", "cost": 3}]}"#;
    let mut chain = chain(ProxyKind::Envoy, &[(RateLimit, config)]);
    let mut input = input(&[]);
    input.request.target = b"/search?q".to_vec();
    let expected = [
        "+ rules[0]: /search [/search]",
        "  rule: search: 20 per minute, 100 per hour, cost 3 []",
        "- limit_by header x-client: missing: the client address replaces it [a value]",
        "+ limit_by ip: 192.0.2.1 []",
        "+ limit minute: 3 used with this request, 17 left, ends in 18 s [at most 20]",
        "+ limit hour: 3 used with this request, 97 left, ends in 1338 s [at most 100]",
    ];
    assert_eq!(notes(&chain.send(&input)), expected);
}

#[test]
fn header_transform_notes_each_rule() {
    let config = r#"{"request": {
        "remove": {"headers": ["X-A", "X-Internal-*"]},
        "replace": {"headers": ["X-B:2"], "if_method": ["POST"]},
        "add": {"headers": ["X-C:$(headers.x-none)"], "querystring": ["v:1"]}
    }}"#;
    let mut chain = chain(ProxyKind::Envoy, &[(HeaderTransform, config)]);
    let explanation = chain.send(&input(&[("x-a", "1"), ("x-internal-x", "2")]));
    let expected = [
        "- request.replace x-b: GET [POST]",
        "+ request.remove x-a: present [present]",
        "+ request.remove x-internal-*: x-internal-x []",
        "+ request.add x-c: absent [absent]",
        "- value of $(headers.x-none): a variable is missing, so nothing is sent []",
        "+ request.add query parameter v: absent [absent]",
    ];
    assert_eq!(notes(&explanation), expected);
    let changed: Vec<_> = explanation.steps[0].changes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(changed, [":path", "x-a", "x-internal-x"]);
}
