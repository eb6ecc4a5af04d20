use super::*;

#[test]
fn the_example_of_rfc_7515_a_1_verifies() {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z\
                  9CAow";
    let config = format!(
        r#"{{"credentials": [{{"key": "joe", "secret": "{secret}"}}], "secret_is_base64": true}}"#
    );
    let policy = configure(&config).unwrap();
    let line = "Bearer eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEz\
                MDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K\
                27uhbUJU1p1r_wW1gFWFOEjXk";
    let at = |seconds: u64| {
        run_at(&policy, seconds * 1000, &[(b"authorization", line.as_bytes())]).reason
    };
    assert_eq!(at(1_300_819_379), "allowed");
    assert_eq!(at(1_300_819_380), "expired");
}

#[test]
fn every_algorithm_verifies_with_its_own_key_only() {
    for configured in ["HS256", "HS384", "HS512"] {
        let policy = configure(&format!(
            r#"{{"credentials": [{{"key": "k", "algorithm": "{configured}",
                                   "secret": {{"env": "SECRET"}}}}]}}"#
        ))
        .unwrap();
        for alg in ["HS256", "HS384", "HS512"] {
            let header = format!(r#"{{"alg": "{alg}"}}"#);
            let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
            let expected = if alg == configured { "allowed" } else { "algorithm_mismatch" };
            assert_eq!(reason(&policy, &signed(alg, &header, &claims)), expected, "{alg}");
            // Signed by the right algorithm, named another.
            if alg != configured {
                let swapped = signed(configured, &header, &claims);
                assert_eq!(reason(&policy, &swapped), "algorithm_mismatch");
                let header = format!(r#"{{"alg": "{configured}"}}"#);
                assert_eq!(reason(&policy, &signed(alg, &header, &claims)), "bad_signature");
            }
        }
    }
}

#[test]
fn headers_that_change_what_a_signature_means_are_refused() {
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
    for (header, expected) in [
        (r#"{"alg": "HS256", "typ": "at+jwt", "jku": "https://evil.example"}"#, "allowed"),
        (r#"{"alg": "none"}"#, "algorithm_mismatch"),
        (r#"{"alg": "None"}"#, "algorithm_mismatch"),
        (r#"{"alg": "hs256"}"#, "algorithm_mismatch"),
        (r#"{"alg": "RS256"}"#, "algorithm_mismatch"),
        (r#"{"alg": ["HS256"]}"#, "algorithm_mismatch"),
        (r#"{"alg": null}"#, "algorithm_mismatch"),
        ("{}", "algorithm_mismatch"),
        (r#"{"alg": "HS256", "crit": ["exp"]}"#, "critical_header"),
        (r#"{"alg": "HS256", "crit": []}"#, "critical_header"),
        (r#"{"alg": "HS256", "crit": null}"#, "critical_header"),
        (r#"{"alg": "HS256", "b64": true}"#, "critical_header"),
        (r#"{"alg": "HS256", "b64": false, "crit": ["b64"]}"#, "critical_header"),
        (r#"{"alg": "HS256", "alg": "HS256"}"#, "malformed_token"),
        (r#"{"alg": "HS256", "x": {"a": 1, "a": 2}}"#, "malformed_token"),
        (r#"["HS256"]"#, "malformed_token"),
        (r#"{"alg": "HS256""#, "malformed_token"),
        (r#"{"alg": "HS256"} x"#, "malformed_token"),
        ("", "malformed_token"),
    ] {
        assert_eq!(reason(&policy(""), &signed("HS256", header, &claims)), expected, "{header}");
    }
}

#[test]
fn payloads_are_objects_without_duplicates() {
    let exp = NOW + 60;
    for (claims, expected) in [
        (format!(r#"{{"iss": "k", "exp": {exp}, "exp": {exp}}}"#), "malformed_token"),
        (format!(r#"{{"iss": "k", "exp": {exp}, "\u0065xp": 1}}"#), "malformed_token"),
        (format!(r#"{{"iss": "k", "exp": {exp}, "a": 1e999}}"#), "malformed_token"),
        ("\"k\"".to_owned(), "malformed_token"),
        (String::new(), "malformed_token"),
        (
            format!(
                r#"{{"iss": "k", "exp": {exp}, "a": {}1{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
            "malformed_token",
        ),
        (format!(r#"{{"exp": {exp}}}"#), "unknown_key"),
        (format!(r#"{{"iss": "j", "exp": {exp}}}"#), "unknown_key"),
        (format!(r#"{{"iss": 1, "exp": {exp}}}"#), "unknown_key"),
        (format!(r#"{{"iss": ["k"], "exp": {exp}}}"#), "unknown_key"),
        (format!(r#"{{"iss": "K", "exp": {exp}}}"#), "unknown_key"),
    ] {
        let token = signed("HS256", r#"{"alg": "HS256"}"#, &claims);
        assert_eq!(reason(&policy(""), &token), expected, "{claims}");
    }
}

#[test]
fn the_compact_form_is_strict() {
    let policy = policy("");
    let good = token("");
    assert_eq!(reason(&policy, &good), "allowed");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let short = signature.get(..20).unwrap();
    // The last character of 32 bytes holds two bits that must be 0.
    let last = signature.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let sibling = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let stray = good.strip_suffix(last).unwrap().to_owned() + &sibling.to_string();
    for (bad, expected) in [
        (format!("{good}="), "malformed_token"),
        (format!("{good}."), "malformed_token"),
        (format!(".{good}"), "malformed_token"),
        (format!("{good}.{signature}"), "malformed_token"),
        (signed.to_owned(), "malformed_token"),
        (format!("{signed}."), "bad_signature"),
        (format!("{signed}.{short}"), "bad_signature"),
        (format!("{signed}.{signature}AAAA"), "bad_signature"),
        (format!("{signed}.{short}+/"), "malformed_token"),
        (stray, "malformed_token"),
        (good.replace('.', " . "), "malformed_token"),
        (format!("{good} x"), "malformed_token"),
        (format!("{good}, {good}"), "malformed_token"),
        ("..".to_owned(), "malformed_token"),
        (".".to_owned(), "malformed_token"),
        ("x".to_owned(), "malformed_token"),
    ] {
        assert_eq!(reason(&policy, &bad), expected, "{bad}");
    }
}

#[test]
fn a_token_too_large_is_not_looked_at() {
    let large = |size: usize| {
        let empty = token(r#", "p": """#).len();
        let mut padding = (size - empty) * 3 / 4;
        loop {
            let token = token(&format!(r#", "p": "{}""#, "x".repeat(padding)));
            if token.len() >= size {
                return token;
            }
            padding += 1;
        }
    };
    assert_eq!(reason(&policy(""), &large(8190)), "allowed");
    assert_eq!(reason(&policy(""), &large(8193)), "token_too_large");
    assert_eq!(reason(&policy(""), &"x".repeat(9000)), "token_too_large");
}

#[test]
fn credentials_of_one_key_are_all_tried() {
    let config = r#"{"credentials": [
        {"key": "k", "secret": "an-older-secret-of-more-than-32-bytes-012345"},
        {"key": "j", "secret": "the-secret-of-somebody-else-0123456789012345"},
        {"key": "k", "secret": {"env": "SECRET"}, "consumer": {"id": "new"}},
        {"key": "k", "algorithm": "HS512",
         "secret": "for-another-algorithm-0123456789012345678901234567890123456789012345"}]}"#;
    let policy = configure(config).unwrap();
    let outcome = bearer(&policy, &token(""));
    assert_eq!(outcome.reason, "allowed");
    assert!(outcome.lines.contains(&"x-consumer-id: new".to_owned()), "{:?}", outcome.lines);

    let claims = format!(r#"{{"iss": "j", "exp": {}}}"#, NOW + 1);
    let foreign = signed("HS256", r#"{"alg": "HS256"}"#, &claims);
    assert_eq!(reason(&policy, &foreign), "bad_signature");
    assert_eq!(reason(&policy, &foreign.replace("HS256", "HS384")), "bad_signature");
}

#[test]
fn kid_narrows_the_credentials() {
    let config = r#"{"credentials": [{"key": "k", "kid": "2026", "secret": {"env": "SECRET"}}]}"#;
    let policy = configure(config).unwrap();
    let claims = format!(r#"{{"iss": "k", "exp": {}}}"#, NOW + 1);
    for (header, expected) in [
        (r#"{"alg": "HS256", "kid": "2026"}"#, "allowed"),
        (r#"{"alg": "HS256"}"#, "allowed"),
        (r#"{"alg": "HS256", "kid": "2025"}"#, "unknown_key"),
        (r#"{"alg": "HS256", "kid": 2026}"#, "unknown_key"),
    ] {
        assert_eq!(reason(&policy, &signed("HS256", header, &claims)), expected, "{header}");
    }
}

#[test]
fn the_key_claim_is_in_the_payload_or_else_in_the_header() {
    let policy = policy(r#", "key_claim_name": "kid""#);
    let exp = NOW + 1;
    for (header, claims, expected) in [
        (r#"{"alg": "HS256", "kid": "k"}"#, format!(r#"{{"exp": {exp}}}"#), "allowed"),
        (r#"{"alg": "HS256"}"#, format!(r#"{{"exp": {exp}, "kid": "k"}}"#), "allowed"),
        (
            r#"{"alg": "HS256", "kid": "k"}"#,
            format!(r#"{{"exp": {exp}, "kid": "j"}}"#),
            "unknown_key",
        ),
        (r#"{"alg": "HS256"}"#, format!(r#"{{"exp": {exp}, "iss": "k"}}"#), "unknown_key"),
    ] {
        assert_eq!(reason(&policy, &signed("HS256", header, &claims)), expected, "{header}");
    }
}
