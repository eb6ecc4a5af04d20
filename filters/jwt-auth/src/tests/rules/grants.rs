//! Claims other than times, issuer and audience.

use super::super::*;

fn with(filter: &JwtAuth, header: &str, claims: &str) -> &'static str {
    let claims = format!(r#"{{"iss": "k", "exp": {}{claims}}}"#, NOW + 60);
    reason(filter, &signed("HS256", &format!(r#"{{"alg": "HS256"{header}}}"#), &claims))
}

fn given(filter: &JwtAuth, claims: &str) -> &'static str {
    with(filter, "", claims)
}

#[test]
fn iat_must_be_a_number_and_is_checked_if_listed() {
    let now = |offset: i64| format!(r#", "iat": {}"#, 1_800_000_000 + offset);
    let free = filter("");
    assert_eq!(given(&free, &now(1000)), "allowed");
    assert_eq!(given(&free, r#", "iat": "1""#), "malformed_claim");
    let listed = filter(r#", "claims_to_verify": ["exp", "iat"], "leeway": 5"#);
    for (claims, expected) in [
        (now(0), "allowed"),
        (now(-100_000), "allowed"),
        (now(5), "allowed"),
        (now(6), "issued_in_future"),
        (r#", "iat": 1e300"#.to_owned(), "issued_in_future"),
        (String::new(), "missing_claim"),
        (r#", "iat": null"#.to_owned(), "malformed_claim"),
    ] {
        assert_eq!(given(&listed, &claims), expected, "{claims}");
    }
}

#[test]
fn refuses_token_of_another_type() {
    let filter = filter(r#", "typ": ["at+jwt", "application/JWT"]"#);
    for (header, expected) in [
        (r#", "typ": "at+jwt""#, "allowed"),
        (r#", "typ": "AT+JWT""#, "allowed"),
        (r#", "typ": "application/at+jwt""#, "allowed"),
        (r#", "typ": "Application/AT+jwt""#, "allowed"),
        (r#", "typ": "jwt""#, "allowed"),
        (r#", "typ": "application/""#, "wrong_type"),
        (r#", "typ": "text/at+jwt""#, "wrong_type"),
        (r#", "typ": "dpop+jwt""#, "wrong_type"),
        (r#", "typ": "éapplication""#, "wrong_type"),
        (r#", "typ": ["at+jwt"]"#, "malformed_token"),
        (r#", "typ": null"#, "malformed_token"),
        ("", "wrong_type"),
    ] {
        assert_eq!(with(&filter, header, ""), expected, "{header}");
    }
}

#[test]
fn refuses_unlisted_subject() {
    let filter = filter(r#", "subjects": ["alice", "bob"]"#);
    for (claims, expected) in [
        (r#", "sub": "bob""#, "allowed"),
        (r#", "sub": "Bob""#, "wrong_subject"),
        (r#", "sub": ["bob"]"#, "wrong_subject"),
        ("", "wrong_subject"),
    ] {
        assert_eq!(given(&filter, claims), expected, "{claims}");
    }
}

fn check_required(rule: &str, right: &[&str], wrong: &[&str]) {
    let filter = filter(&format!(r#", "required_claims": [{{{rule}}}]"#));
    let all = [(right, "allowed"), (wrong, "required_claim")];
    for (claims, expected) in all.iter().flat_map(|(list, e)| list.iter().map(move |c| (c, e))) {
        assert_eq!(given(&filter, &format!(", {claims}")), *expected, "{rule}: {claims}");
    }
}

#[test]
fn required_claims_test_presence_and_equality() {
    check_required(
        r#""claim": "t""#,
        &[r#""t": """#, r#""t": {}"#],
        &[r#""t": null"#, r#""u": 1"#],
    );
    check_required(
        r#""claim": "t", "equals": "a b""#,
        &[r#""t": "a b""#],
        &[r#""t": "a""#, r#""t": ["a b"]"#, r#""t": "A b""#, r#""u": 1"#],
    );
    check_required(
        r#""claim": "t", "equals": 5"#,
        &[r#""t": 5"#, r#""t": 5.0"#],
        &[r#""t": "5""#, r#""t": 6"#, r#""t": true"#],
    );
    check_required(
        r#""claim": "t", "equals": 9007199254740993"#,
        &[r#""t": 9007199254740993"#],
        &[r#""t": 9007199254740992"#],
    );
    check_required(
        r#""claim": "t", "equals": true"#,
        &[r#""t": true"#],
        &[r#""t": 1"#, r#""t": "true""#],
    );
    check_required(
        r#""claim": "a.b", "one_of": ["x", 1]"#,
        &[r#""a": {"b": "x"}"#, r#""a.b": 1"#],
        &[r#""a": {"b": ["x"]}"#, r#""a": "x""#, r#""a.b": null"#],
    );
}

#[test]
fn required_claims_test_array_items_and_words() {
    check_required(
        r#""claim": "r", "contains": "admin""#,
        &[r#""r": ["user", "admin"]"#, r#""r": "admin""#, r#""r": "user admin""#],
        &[
            r#""r": ["administrator"]"#,
            r#""r": "administrator""#,
            r#""r": "user,admin""#,
            r#""r": {"admin": true}"#,
            r#""r": [["admin"]]"#,
            r#""r": []"#,
        ],
    );
    check_required(
        r#""claim": "r", "contains": 2"#,
        &[r#""r": [1, 2]"#],
        &[r#""r": "2""#, r#""r": 2"#],
    );
    check_required(
        r#""claim": "r", "contains_any": ["a", "b"]"#,
        &[r#""r": ["b"]"#, r#""r": "x a""#],
        &[r#""r": ["c"]"#],
    );
}

#[test]
fn required_claims_match_the_whole_string() {
    check_required(
        r#""claim": "m", "matches": "[^@]+@(acme|acme-labs)\\.example""#,
        &[
            r#""m": "a@acme.example""#,
            r#""m": "b.c@acme-labs.example""#,
            r#""m": [1, "x", "a@acme.example"]"#,
        ],
        &[
            r#""m": "a@acme.example.evil""#,
            r#""m": "a@acme.example\n""#,
            r#""m": "x\na@acme.example\nx""#,
            r#""m": "a@acmeXexample""#,
            r#""m": "a@ACME.example""#,
            r#""m": """#,
            r#""m": []"#,
            r#""m": [["a@acme.example"]]"#,
            r#""m": {"x": "a@acme.example"}"#,
            r#""n": "a@acme.example""#,
        ],
    );
    // The implicit anchors apply to every alternative, and flags do not affect them.
    let wrong = [r#""m": "ax""#, r#""m": "xb""#, r#""m": "a\nx""#, r#""m": "x\nb""#];
    check_required(r#""claim": "m", "matches": "a|b""#, &[r#""m": "a""#, r#""m": "b""#], &wrong);
    check_required(r#""claim": "m", "matches": "(?m)^a$|b""#, &[r#""m": "a""#], &wrong);
    check_required(
        r#""claim": "m", "matches": "\\d+|true|\\w""#,
        &[r#""m": "17""#, r#""m": "true""#],
        &[r#""m": 17"#, r#""m": true"#, r#""m": "١""#, r#""m": "é""#],
    );
}

#[test]
fn pattern_matching_takes_linear_time() {
    let filter = filter(r#", "required_claims": [{"claim": "m", "matches": "(a|a)*(a*)*b"}]"#);
    let claims = format!(r#", "m": "{}""#, "a".repeat(5000));
    assert_eq!(given(&filter, &claims), "required_claim");
}

#[test]
fn refuses_invalid_and_oversized_patterns() {
    let fault = |pattern: &str| {
        let rule = format!(r#"{{"claim": "m", "matches": "{pattern}"}}"#);
        let credential = r#"{"key": "k", "secret": {"env": "SECRET"}}"#;
        let config = format!(r#"{{"credentials": [{credential}], "required_claims": [{rule}]}}"#);
        configure(&config).err().unwrap_or_default()
    };
    for good in ["a", "[a-z0-9-]{1,63}", &"a".repeat(256)] {
        assert_eq!(fault(good), "", "{good}");
    }
    for bad in
        ["", "(", "a)|(b", "(?x)a #", "(?=a)", "(a)\\\\1", "(.{1000}){1000}", &"a".repeat(257)]
    {
        let fault = fault(bad);
        assert!(fault.starts_with("required_claims[0].matches: "), "{bad}: {fault}");
        assert_eq!(fault.lines().count(), 1, "{bad}: {fault}");
    }
}

#[test]
fn all_required_claims_must_hold() {
    let both = filter(r#", "required_claims": [{"claim": "a"}, {"claim": "b"}]"#);
    assert_eq!(given(&both, r#", "a": 1"#), "required_claim");
    assert_eq!(given(&both, r#", "a": 1, "b": 1"#), "allowed");
}

#[test]
fn reads_scopes_from_scope_and_scp() {
    let all = filter(r#", "scopes": {"all_of": ["read", "write"]}"#);
    let any = filter(r#", "scopes": {"all_of": ["read"], "any_of": ["a", "b"]}"#);
    for (filter, claims, expected) in [
        (&all, r#", "scope": "write x read""#, "allowed"),
        (&all, r#", "scp": ["read", "write"]"#, "allowed"),
        (&all, r#", "scp": "read write""#, "allowed"),
        (&all, r#", "scope": "read", "scp": ["write"]"#, "allowed"),
        (&all, r#", "scope": "read""#, "insufficient_scope"),
        (&all, r#", "scope": "READ WRITE""#, "insufficient_scope"),
        (&all, r#", "scope": "reads writes""#, "insufficient_scope"),
        (&all, r#", "scp": [["read", "write"]]"#, "insufficient_scope"),
        (&all, "", "insufficient_scope"),
        (&any, r#", "scope": "read b""#, "allowed"),
        (&any, r#", "scope": "read""#, "insufficient_scope"),
        (&any, r#", "scope": "a b""#, "insufficient_scope"),
    ] {
        assert_eq!(given(filter, claims), expected, "{claims}");
    }
}

#[test]
fn refuses_denied_tokens_with_401() {
    let filter = filter(r#", "denied_tokens": {"jti": ["t2", "17", "t1"], "sub": ["mallory"]}"#);
    for (claims, expected) in [
        ("", "allowed"),
        (r#", "jti": "t3", "sub": "alice""#, "allowed"),
        (r#", "jti": "t1""#, "denied"),
        (r#", "jti": "t2""#, "denied"),
        (r#", "jti": 17"#, "denied"),
        (r#", "sub": "mallory""#, "denied"),
        (r#", "jti": "mallory", "sub": "t1""#, "allowed"),
    ] {
        assert_eq!(given(&filter, claims), expected, "{claims}");
    }
    let outcome = bearer(&filter, &token(r#", "jti": "t1""#));
    assert_eq!(outcome.response, Some((401, r#"Bearer error="invalid_token""#.to_owned())));
}

#[test]
fn refuses_numbers_without_exact_text_if_their_claim_has_denied_values() {
    let number = "123456789012345678901234567890";
    let filter = filter(&format!(r#", "denied_tokens": {{"jti": ["{number}"]}}"#));
    for (claims, expected) in [
        (r#", "jti": 123456789012345678901234567890"#, "denied"),
        (r#", "jti": 1.5"#, "denied"),
        (r#", "jti": 18446744073709551615"#, "allowed"),
        (r#", "jti": -9223372036854775808"#, "allowed"),
        (r#", "sub": 123456789012345678901234567890"#, "allowed"),
    ] {
        assert_eq!(given(&filter, claims), expected, "{claims}");
    }
}

#[test]
fn checks_grants_last() {
    let filter = filter(r#", "scopes": {"all_of": ["a"]}, "issuers": ["other"]"#);
    assert_eq!(given(&filter, ""), "wrong_issuer");
}

#[test]
fn warns_about_claim_names_with_slashes_that_are_not_urls() {
    let warnings = |claim: &str| {
        let test_host = host();
        let config = format!(
            r#"{{"credentials": [{{"key": "k", "secret": {{"env": "SECRET"}}}}],
                 "required_claims": [{{"claim": {claim}}}]}}"#
        );
        JwtAuth::from_json(config.as_bytes(), &test_host).unwrap();
        test_host.warnings.take()
    };
    for (claim, dotted) in [(r#""a/b""#, "a.b"), (r#""/a/b""#, "a.b")] {
        let [warning] = &warnings(claim)[..] else { panic!("{claim}") };
        assert!(warning.starts_with("required_claims[0].claim: "), "{warning}");
        assert!(warning.ends_with(&format!("for a path, write {dotted:?}")), "{warning}");
    }
    for claim in [r#""a.b""#, r#""https://a.example/b""#, r#"["a/b"]"#] {
        assert_eq!(warnings(claim), [""; 0], "{claim}");
    }
}
